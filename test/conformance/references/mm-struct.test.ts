import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { atomic_read } from '../../../src-sim/linux/atomic'
import { cdev, cdev_add, cdev_init, cdev_make_node } from '../../../src-sim/linux/cdev'
import { msleep } from '../../../src-sim/linux/delay'
import * as fs from '../../../src-sim/linux/fs'
import type { vm_area_struct } from '../../../src-sim/linux/mm'
import { mmap_read_lock, mmap_read_unlock } from '../../../src-sim/linux/mmap_lock'
import { rwsem_is_locked } from '../../../src-sim/linux/rwsem'
import * as mm from '../../../src-sim/linux/sched/mm'
import { ptr } from '../../../src-sim/linux/types'
import * as libc from '../../../src-sim/linux/user/libc'
import { spawn, wait } from '../../../src-sim/linux/klab/scenario'
import { sim } from '../../sim/harness'
import { play, type Kit } from '../device-model/kit'

/** A program that maps a node, closes it and ends after a while; what it has mapped. */
interface Mapped {
  vma: vm_area_struct
  mm: mm.mm_struct
  ended(): Sim
}

function addNode(kit: Kit, mapped: vm_area_struct[]): void {
  const dev = ptr(0)
  fs.alloc_chrdev_region(dev, 0, 1, 'demo')
  const c = new cdev()
  cdev_init(c, {
    release: () => (kit.say('release'), 0),
    mmap: (_file, vma) => {
      kit.say(`mmap ${rwsem_is_locked(vma.vm_mm!.mmap_lock)}`)
      vma.vm_ops = { close: (v) => kit.say(`close ${rwsem_is_locked(v.vm_mm!.mmap_lock)}`) }
      mapped.push(vma)
      return 0
    },
  })
  cdev_add(c, dev.value, 1)
  cdev_make_node('demo', dev.value)
}

function* program(kit: Kit, ms: number, unmaps = false): Sim<Mapped> {
  const mapped: vm_area_struct[] = []
  addNode(kit, mapped)
  const main = function* (): Sim<number> {
    const fd = yield* sim(libc.open('/dev/demo', libc.O_RDWR))
    const area = yield* sim(libc.mmap(null, 4096, libc.PROT_READ, libc.MAP_SHARED, fd, 0))
    yield* sim(libc.close(fd))
    if (unmaps) yield* sim(libc.munmap(area, 4096))
    yield* sim(libc.usleep(ms * 1000))
    return 0
  }
  const process = spawn(main as never)
  yield* sim(msleep(1))
  const vma = mapped[0]!
  return {
    vma,
    mm: vma.vm_mm!,
    *ended() {
      yield* sim(wait(process))
      yield* sim(msleep(20))
    },
  }
}

const counts = (of: mm.mm_struct): [users: number, count: number] => [
  atomic_read(of.mm_users),
  atomic_read(of.mm_count),
]

test('MM-01: all users together hold the structure once; the last one takes the mappings down', () => {
  const k = play(function* (kit) {
    const p = yield* program(kit, 30)
    expect(counts(p.mm)).toEqual([1, 1])
    mm.mmgrab(p.mm)
    mm.mmget(p.mm)
    expect(counts(p.mm)).toEqual([2, 2])
    yield* p.ended()
    kit.say('ended')
    expect(counts(p.mm)).toEqual([1, 2])
    yield* sim(mm.mmput(p.mm))
    kit.say('put')
    expect(counts(p.mm)).toEqual([0, 1])
    mm.mmdrop(p.mm)
    mm.mmget_not_zero(p.mm)
  })
  expect(k.log).toEqual(['mmap 1', 'ended', 'close 1', 'put', 'release'])
  expect(k.machine.findings[0]?.kind).toBe('kasan.use-after-free')
})

test('MM-02: mmget_not_zero fails for ever once the last user has gone', () => {
  play(function* (kit) {
    const p = yield* program(kit, 30)
    expect(mm.mmget_not_zero(p.mm)).toBe(true)
    yield* sim(mm.mmput(p.mm))
    mm.mmgrab(p.mm)
    yield* p.ended()
    expect([mm.mmget_not_zero(p.mm), mm.mmget_not_zero(p.mm)]).toEqual([false, false])
    expect(counts(p.mm)).toEqual([0, 1])
    mm.mmdrop(p.mm)
  })
})

test('MM-04: mmput_async leaves the tearing down to a worker', () => {
  const k = play(function* (kit) {
    const p = yield* program(kit, 30)
    mm.mmget(p.mm)
    yield* p.ended()
    mm.mmput_async(p.mm)
    kit.say('put')
    yield* sim(msleep(20))
  })
  expect(k.log).toEqual(['mmap 1', 'put', 'close 1', 'release'])
})

test('MM-07: a mapping keeps its file, and is closed once, under the mmap lock', () => {
  const k = play(function* (kit) {
    const p = yield* program(kit, 30)
    kit.say('mapped')
    yield* p.ended()
  })
  expect(k.log).toEqual(['mmap 1', 'mapped', 'close 1', 'release'])
})

test('MM-09: munmap closes the mapping before the process ends', () => {
  const k = play(function* (kit) {
    const p = yield* program(kit, 60, true)
    yield* sim(msleep(10))
    kit.say('later')
    yield* p.ended()
  })
  expect(k.log).toEqual(['mmap 1', 'close 1', 'release', 'later'])
})

test('MM-05: who holds the mmap lock keeps the mappings of a process that ends', () => {
  const k = play(function* (kit) {
    const p = yield* program(kit, 30)
    mm.mmgrab(p.mm)
    yield* sim(mmap_read_lock(p.mm))
    yield* sim(msleep(60))
    kit.say('unlock')
    mmap_read_unlock(p.mm)
    yield* p.ended()
    mm.mmdrop(p.mm)
  })
  expect(k.log).toEqual(['mmap 1', 'unlock', 'close 1', 'release'])
})
