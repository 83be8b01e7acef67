import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { getDevice } from '../../../src-sim/kernel/base/core'
import { currentProcess } from '../../../src-sim/kernel/fs/process'
import {
  cdev,
  cdev_add,
  cdev_del,
  cdev_device_add,
  cdev_device_del,
  cdev_init,
  cdev_make_node,
} from '../../../src-sim/linux/cdev'
import * as d from '../../../src-sim/linux/device'
import { EBUSY, EEXIST, EINVAL, ENOENT, ENXIO } from '../../../src-sim/linux/errno'
import { msleep } from '../../../src-sim/linux/delay'
import * as fs from '../../../src-sim/linux/fs'
import { kref_read } from '../../../src-sim/linux/kref'
import {
  MISC_DYNAMIC_MINOR,
  miscdevice,
  misc_deregister,
  misc_register,
} from '../../../src-sim/linux/miscdevice'
import { poll_wait } from '../../../src-sim/linux/poll'
import { ptr } from '../../../src-sim/linux/types'
import { copy_from_user, copy_to_user, put_user } from '../../../src-sim/linux/uaccess'
import {
  init_waitqueue_head,
  wait_queue_head,
  wake_up_interruptible,
} from '../../../src-sim/linux/wait'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import { play, type Kit } from './kit'

const refs = (c: cdev): number => kref_read(c.kobj.kref)

function loud(kit: Kit): fs.file_operations {
  return {
    open: () => (kit.say('open'), 0),
    release: () => (kit.say('release'), 0),
    unlocked_ioctl: (_f, cmd) => (kit.say(`ioctl ${cmd}`), cmd),
  }
}

function withCdev(kit: Kit, ops = loud(kit)): [cdev, number] {
  const dev = ptr(0)
  fs.alloc_chrdev_region(dev, 0, 1, 'demo')
  const c = new cdev()
  cdev_init(c, ops)
  cdev_add(c, dev.value, 1)
  cdev_make_node('demo', dev.value)
  return [c, dev.value]
}

const open = (): Sim<number> => sim(libc.open('/dev/demo', libc.O_RDWR))

test('DM-70, DM-72: counts of a cdev: 1 added, 2 open, 1 deleted; old descriptors keep working', () => {
  const k = play(function* (kit) {
    const [c] = withCdev(kit)
    expect(refs(c)).toBe(1)
    const fd = yield* open()
    expect(refs(c)).toBe(2)
    yield* sim(cdev_del(c))
    expect(refs(c)).toBe(1)
    expect(yield* sim(libc.ioctl(fd, 5, 0))).toBe(5)
    yield* sim(libc.close(fd))
    expect(yield* open()).toBe(-1)
    expect(libc.errno()).toBe(ENXIO)
  })
  expect(k.log).toEqual(['open', 'ioctl 5', 'release'])
})

test('DM-72: the same inode can be opened again while another descriptor keeps the cdev', () => {
  play(function* (kit) {
    const [c] = withCdev(kit)
    const fd = yield* open()
    yield* sim(cdev_del(c))
    expect(yield* open()).toBeGreaterThan(0)
    void fd
  })
})

test('DM-70: a failing open gives everything back', () => {
  play(function* (kit) {
    const [c] = withCdev(kit, { open: () => -EBUSY })
    expect(yield* open()).toBe(-1)
    expect([libc.errno(), refs(c)]).toEqual([EBUSY, 1])
  })
})

test('DM-71, DM-73: cdev_device_add ties the cdev to its device', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const dev = kit.create('demo')
    const number = ptr(0)
    fs.alloc_chrdev_region(number, 0, 1, 'demo')
    dev.devt = number.value
    const c = new cdev()
    cdev_init(c, loud(kit))
    expect(yield* sim(cdev_device_add(c, dev))).toBe(0)
    const fd = yield* open()
    expect(fd).toBeGreaterThan(0)
    yield* sim(cdev_device_del(c, dev))
    yield* sim(d.put_device(dev))
    kit.say('still there')
    yield* sim(libc.close(fd))
    expect(getDevice(null)).toBe(null)
  })
  expect(k.log).toEqual(['open', 'still there', 'release', 'release demo'])
})

test('DM-74: flush at every close, release once, and flush decides what close answers', () => {
  const k = play(function* (kit) {
    withCdev(kit, { ...loud(kit), flush: () => (kit.say('flush'), -5) })
    const a = yield* open()
    const b = yield* sim(libc.dup(a))
    expect(yield* sim(libc.close(a))).toBe(-1)
    expect(libc.errno()).toBe(5)
    yield* sim(libc.close(b))
    expect(yield* sim(libc.close(b))).toBe(-1)
    expect(libc.errno()).toBe(9)
  })
  expect(k.log).toEqual(['open', 'flush', 'flush', 'release'])
})

test('DM-75: close in another thread does not release under a running ioctl', () => {
  const k = play(function* (kit) {
    const slow = function* (): Sim<number> {
      yield* sim(msleep(10))
      kit.say('ioctl done')
      return 0
    }
    withCdev(kit, { ...loud(kit), unlocked_ioctl: slow as never })
    const fd = yield* open()
    const thread = yield* sim(
      libc.pthread_create(function* (): Sim {
        yield* sim(libc.ioctl(fd, 1, 0))
      } as never),
    )
    yield* sim(msleep(2))
    expect(yield* sim(libc.close(fd))).toBe(0)
    kit.say('closed')
    yield* sim(libc.pthread_join(thread))
  })
  expect(k.log).toEqual(['open', 'closed', 'ioctl done', 'release'])
})

test('DM-76: minors and names of misc devices', () => {
  const k = play(function* () {
    const make = (name: string, minor = MISC_DYNAMIC_MINOR): miscdevice =>
      new miscdevice({ name, minor, fops: {} })
    const a = make('a')
    expect(yield* sim(misc_register(a))).toBe(0)
    expect(a.minor).toBe(256)
    expect(yield* sim(misc_register(make('b', 300)))).toBe(-EINVAL)
    expect(yield* sim(misc_register(make('c', 7)))).toBe(0)
    expect(yield* sim(misc_register(make('d', 7)))).toBe(-EBUSY)
    const twin = make('a')
    expect(yield* sim(misc_register(twin))).toBe(-EEXIST)
    expect(twin.minor).toBe(MISC_DYNAMIC_MINOR)
    const e = make('e')
    yield* sim(misc_register(e))
    expect(e.minor).toBe(257)
    yield* sim(misc_deregister(a))
    expect(yield* sim(misc_register(a))).toBe(0)
    yield* sim(misc_deregister(e))
    yield* sim(misc_deregister(e))
  })
  expect(k.dmesg).toContain("Invalid fixed minor 300 for miscdevice 'b'")
  expect(k.kinds.filter((kind) => kind.startsWith('warn'))).toEqual(['warn.ida-free'])
})

test('DM-77: deregistering waits for an open in flight, and stops new ones', () => {
  const k = play(function* (kit) {
    const slow = function* (): Sim<number> {
      yield* sim(msleep(10))
      kit.say('opened')
      return 0
    }
    const md = new miscdevice({ name: 'demo', fops: { open: slow as never } })
    yield* sim(misc_register(md))
    const child = yield* sim(
      libc.fork(function* (): Sim {
        yield* open()
      } as never),
    )
    yield* sim(msleep(2))
    yield* sim(misc_deregister(md))
    kit.say('deregistered')
    expect(yield* open()).toBe(-1)
    expect(libc.errno()).toBe(ENOENT)
    yield* sim(libc.waitpid(child))
  })
  expect(k.log).toEqual(['opened', 'deregistered'])
})

test('DM-80: at exit all descriptors go first, then files are released, then the parent reaps', () => {
  const k = play(function* (kit) {
    withCdev(kit, {
      ...loud(kit),
      flush: () => (kit.say('flush'), 0),
      release: () => (kit.say(`release files=${currentProcess().files !== null}`), 0),
    })
    const child = yield* sim(
      libc.fork(function* (): Sim {
        yield* open()
        yield* open()
      } as never),
    )
    yield* sim(libc.waitpid(child))
    kit.say('reaped')
  })
  const release = 'release files=false'
  expect(k.log).toEqual(['open', 'open', 'flush', 'flush', release, release, 'reaped'])
})

test('a forked child has its own hold on an open file', () => {
  const k = play(function* (kit) {
    withCdev(kit)
    const fd = yield* open()
    const child = yield* sim(
      libc.fork(function* (): Sim {
        yield* sim(msleep(5))
        expect(yield* sim(libc.ioctl(fd, 3, 0))).toBe(3)
      } as never),
    )
    yield* sim(libc.close(fd))
    kit.say('closed')
    yield* sim(libc.waitpid(child))
  })
  expect(k.log).toEqual(['open', 'closed', 'ioctl 3', 'release'])
})

test('poll sleeps until the driver wakes its queue', () => {
  play(function* (kit) {
    const queue = new wait_queue_head()
    init_waitqueue_head(queue)
    let ready = false
    withCdev(kit, {
      poll: (f, table) => {
        poll_wait(f, queue, table)
        return ready ? libc.POLLIN : 0
      },
    })
    const fd = yield* open()
    const fds = [{ fd, events: libc.POLLIN, revents: 0 }]
    expect(yield* sim(libc.poll(fds, 1, 5))).toBe(0)
    const child = yield* sim(
      libc.fork(function* (): Sim {
        yield* sim(msleep(10))
        ready = true
        yield* sim(wake_up_interruptible(queue) as never)
      } as never),
    )
    expect(yield* sim(libc.poll(fds, 1, -1))).toBe(1)
    expect(fds[0]!.revents).toBe(libc.POLLIN)
    yield* sim(libc.waitpid(child))
  })
})

test('memory of programs is copied, not shared', () => {
  play(function* () {
    const kernel = new Uint8Array(4)
    expect(copy_from_user(kernel, Uint8Array.of(1, 2, 3, 4), 4)).toBe(0)
    expect([...kernel]).toEqual([1, 2, 3, 4])
    expect(copy_from_user(kernel, null, 4)).toBe(4)
    const user = { a: 0, b: { c: 0 } }
    expect(copy_to_user(user, { a: 1, b: { c: 2 } }, 8)).toBe(0)
    expect(user).toEqual({ a: 1, b: { c: 2 } })
    expect(put_user(1, 0)).toBe(-14)
  })
})
