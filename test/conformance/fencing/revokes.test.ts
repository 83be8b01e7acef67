import { expect, test } from 'vitest'
import { RELAX, type Sim } from '../../../src-sim/engine/suspend'
import { cdev, cdev_add, cdev_del, cdev_init, cdev_make_node } from '../../../src-sim/linux/cdev'
import { msleep } from '../../../src-sim/linux/delay'
import { ENODEV } from '../../../src-sim/linux/errno'
import * as fs from '../../../src-sim/linux/fs'
import { kthread_run } from '../../../src-sim/linux/kthread'
import { GFP_KERNEL, kfree, kzalloc } from '../../../src-sim/linux/slab'
import * as srcu from '../../../src-sim/linux/srcu'
import { ptr } from '../../../src-sim/linux/types'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import { checked } from '../checked'
import { play, type Kit } from '../device-model/kit'

/** A node whose operations are `ops`, and the number behind it. */
function node(ops: fs.file_operations): cdev {
  const dev = ptr(0)
  fs.alloc_chrdev_region(dev, 0, 1, 'demo')
  const c = new cdev()
  cdev_init(c, ops)
  cdev_add(c, dev.value, 1)
  cdev_make_node('demo', dev.value)
  return c
}

function* openNode(): Sim<number> {
  const fd = yield* sim(libc.open('/dev/demo', libc.O_RDWR))
  expect(fd).toBeGreaterThan(0)
  return fd
}

function* call(fd: number): Sim<number> {
  const ret = yield* sim(libc.ioctl(fd, 1, 0))
  return ret < 0 ? -libc.errno() : ret
}

test('DM-87: nothing in the VFS revokes: a deleted device is called by every file that is open', () => {
  play(function* (kit) {
    const c = node({ unlocked_ioctl: () => (kit.say('called'), 7) })
    const fd = yield* openNode()
    yield* sim(cdev_del(c))
    expect(yield* call(fd)).toBe(7)
  })
})

test('DM-87: a driver that swaps the table of its open files keeps release', () => {
  const k = play(function* (kit: Kit) {
    const files: fs.file[] = []
    const ops: fs.file_operations = {
      open: (_inode, file) => (files.push(file), 0),
      release: () => (kit.say('release'), 0),
      unlocked_ioctl: () => 7,
    }
    const dead: fs.file_operations = { release: ops.release!, unlocked_ioctl: () => -ENODEV }
    node(ops)
    const fd = yield* openNode()
    for (const file of files) fs.replace_fops(file, fs.fops_get(dead)!)
    expect(yield* call(fd)).toBe(-ENODEV)
    yield* sim(libc.close(fd))
  })
  expect(k.log).toEqual(['release'])
})

test('DM-87: a mark looked at on each call lets a call that is past it go on', () => {
  const k = play(function* (kit: Kit) {
    let gone = false
    let inside = false
    node({
      unlocked_ioctl: function* (): Sim<number> {
        if (gone) return -ENODEV
        inside = true
        yield* sim(msleep(20))
        kit.say(`gone ${gone}`)
        return 0
      } as never,
    })
    const fd = yield* openNode()
    const busy = function* (): Sim {
      yield* call(fd)
    }
    yield* sim(libc.pthread_create(busy as never))
    while (!inside) yield RELAX
    gone = true
    expect(yield* call(fd)).toBe(-ENODEV)
    yield* sim(msleep(50))
  })
  expect(k.log).toEqual(['gone true'])
})

test('DM-87: calls bracketed by a domain of their own are waited for', () => {
  const k = play(function* (kit: Kit) {
    const domain = srcu.DEFINE_SRCU('gpio')
    let chip: object | null = {}
    let inside = false
    node({
      unlocked_ioctl: function* (): Sim<number> {
        const index = srcu.srcu_read_lock(domain)
        const there = chip !== null
        inside = true
        if (there) yield* sim(msleep(20))
        if (there) kit.say('call ends')
        srcu.srcu_read_unlock(domain, index)
        return there ? 0 : -ENODEV
      } as never,
    })
    const fd = yield* openNode()
    const busy = function* (): Sim {
      yield* call(fd)
    }
    yield* sim(libc.pthread_create(busy as never))
    while (!inside) yield RELAX
    chip = null
    yield* sim(srcu.synchronize_srcu(domain))
    kit.say('freed')
    expect(yield* call(fd)).toBe(-ENODEV)
  })
  expect(k.log).toEqual(['call ends', 'freed'])
})

/** The generic revocable that was proposed for C: what each user gets is one handle. */
class provider {
  srcu = new srcu.srcu_struct()
  resource: object | null = null
}
class handle {
  provider!: provider
  index = 0
}

function enter(h: handle): boolean {
  h.index = srcu.srcu_read_lock(h.provider.srcu)
  return h.provider.resource !== null
}
function leave(h: handle): void {
  srcu.srcu_read_unlock(h.provider.srcu, h.index)
}
function* revoke(p: provider): Sim {
  p.resource = null
  yield* sim(srcu.synchronize_srcu(p.srcu))
}

/** Two users, the second of which comes in while a grace period waits for the first. */
function twoUsers(handles: [handle, handle], p: provider): string[] {
  return checked(
    function* (say) {
      srcu.init_srcu_struct(p.srcu)
      p.resource = {}
      enter(handles[0])
      const other = function* (): Sim<number> {
        yield* sim(srcu.synchronize_srcu(p.srcu))
        return 0
      }
      yield* sim(kthread_run(other as never, null, 'writer'))
      yield* sim(msleep(20))
      enter(handles[1])
      leave(handles[0])
      leave(handles[1])
      yield* sim(msleep(20))
      yield* revoke(p)
      say('revoked')
    },
    { untilNs: 500e9 },
  ).log
}

test('DM-88: two users of one handle overwrite its index: revoking hangs for ever', () => {
  const p = new provider()
  const shared = Object.assign(new handle(), { provider: p })
  expect(twoUsers([shared, shared], p)).toEqual([])
})

test('DM-88: a handle for each user is right', () => {
  const p = new provider()
  const own = (): handle => Object.assign(new handle(), { provider: p })
  expect(twoUsers([own(), own()], p)).toEqual(['revoked'])
})

test('DM-88: a handle that points to the provider without a reference outlives it', () => {
  const { kinds } = checked(function* () {
    const p = kzalloc(provider, GFP_KERNEL)!
    srcu.init_srcu_struct(p.srcu)
    const h = Object.assign(new handle(), { provider: p })
    yield* revoke(p)
    kfree(p)
    if (!enter(h)) leave(h)
  })
  expect(kinds[0]).toBe('kasan.use-after-free')
})
