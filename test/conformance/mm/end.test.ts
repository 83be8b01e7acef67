import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import type { mm_struct } from '../../../src-sim/kernel/mm/mm-struct'
import { GFP_KERNEL } from '../../../src-sim/linux/gfp'
import { cdev, cdev_add, cdev_init, cdev_make_node } from '../../../src-sim/linux/cdev'
import { kthread_run } from '../../../src-sim/linux/kthread'
import { msleep } from '../../../src-sim/linux/delay'
import * as fs from '../../../src-sim/linux/fs'
import * as mm from '../../../src-sim/linux/mm'
import { get_current } from '../../../src-sim/linux/sched'
import * as life from '../../../src-sim/linux/sched/mm'
import { ptr } from '../../../src-sim/linux/types'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import { play, type Kit } from '../device-model/kit'
import { BASE, both, events, map, mine, PAGE, pageAt, pte, record, Recorded, touch } from './kit'

function addDevice(ops: fs.file_operations): void {
  const dev = ptr(0)
  fs.alloc_chrdev_region(dev, 0, 1, 'demo')
  const c = new cdev()
  cdev_init(c, ops)
  cdev_add(c, dev.value, 1)
  cdev_make_node('demo', dev.value)
}

function* program(body: () => Sim): Sim<number> {
  return yield* sim(libc.waitpid(yield* sim(libc.fork(body as never))))
}

test('MM-19: at an exit the release of a file finds no address space, and mmget_not_zero fails', () => {
  const k = play(function* (kit) {
    let owner: mm_struct | null = null
    addDevice({
      open: () => {
        owner = mine()
        life.mmgrab(owner)
        return 0
      },
      release: () => {
        kit.say(`release ${get_current().mm} ${life.mmget_not_zero(owner!)}`)
        life.mmdrop(owner!)
        return 0
      },
    })
    yield* program(function* () {
      yield* sim(libc.open('/dev/demo'))
      yield* map(1)
    })
    yield* program(function* () {
      const fd = yield* sim(libc.open('/dev/demo'))
      yield* sim(libc.close(fd))
    })
  })
  expect(k.log[0]).toBe('release null false')
  expect(k.log[1]).toMatch(/^release \[object Object\] true$|^release .* true$/)
})

test('MM-03: the last mmput tears down where it is called, with the closes of drivers', () => {
  const k = play(function* (kit) {
    addDevice({
      mmap: (_file, vma) => {
        vma.vm_ops = { close: () => kit.say(`close in ${get_current().comm}`) }
        return 0
      },
    })
    let held: mm_struct | null = null
    yield* program(function* () {
      const fd = yield* sim(libc.open('/dev/demo'))
      yield* sim(libc.mmap(null, PAGE, 3, libc.MAP_SHARED, fd, 0))
      held = mine()
      life.mmget(held)
    })
    kit.say('ended')
    kthread_run(function* (): Sim<number> {
      yield* sim(life.mmput(held!))
      return 0
    } as never, null, 'putter')
    yield* sim(msleep(10))
  })
  expect(k.log).toEqual(['ended', 'close in putter'])
})

test('MM-06: the structure goes with its last holder, after its bookkeeping', () => {
  const k = play(function* (kit) {
    let held: mm_struct | null = null
    yield* program(function* () {
      held = mine()
      life.mmgrab(held)
      const r = record(held)
      r.log.push = (line: string) => (kit.say(line), 0)
    })
    kit.say('gone')
    life.mmdrop(held!)
    kit.say('dropped')
  })
  expect(k.log.filter((line) => !/UNMAP|tlb|release/.test(line))).toEqual(['gone', 'destroy', 'dropped'])
})

test('MM-06: dropping the address space that is in use is warned about', () => {
  const k = play(function* () {
    yield* program(function* () {
      life.mmdrop(mine())
      yield* sim(libc.usleep(1))
    })
  })
  expect(k.kinds).toContain('warn.mmdrop-current')
})

test('MM-15: a frame that was looked up stays reachable after the zap: nobody tells who has it', () => {
  play(function* (kit: Kit) {
    const first = mm.alloc_pages(GFP_KERNEL, 0)!
    addDevice({
      mmap: (_file, vma) => mm.remap_pfn_range(vma, vma.vm_start, mm.page_to_pfn(first), PAGE, 0),
    })
    const fd = yield* sim(libc.open('/dev/demo'))
    const at = yield* sim(libc.mmap(null, PAGE, 3, libc.MAP_SHARED, fd, 0))
    const vma = mm.vma_lookup(mine(), at)!
    const pages: unknown[] = []
    const flags = mm.FOLL_WRITE | mm.FOLL_LONGTERM
    expect(yield* sim(mm.pin_user_pages_fast(at, 1, flags, pages))).toBe(-14)
    const args = new mm.follow_pfnmap_args({ vma, address: at })
    yield* sim(mm.mmap_read_lock(mine()))
    expect(mm.follow_pfnmap_start(args)).toBe(0)
    mm.follow_pfnmap_end(args)
    mm.mmap_read_unlock(mine())
    expect([args.pfn, args.writable, args.special]).toEqual([mm.page_to_pfn(first), true, true])
    yield* sim(mm.unmap_mapping_range(vma.vm_file!.f_mapping, 0, 0, 1))
    expect(pte(at)).toBeNull()
    expect(mm.page_address(mm.pfn_to_page(args.pfn))).toBe(mm.page_address(first))
    expect(kit.machine.findings).toEqual([])
  })
})

test('MMUN-05: a killed process is reaped with CLEAR per private mapping, and nobody may sleep', () => {
  play(function* () {
    const r = new Recorded()
    const flags: number[] = []
    r.look = (range) => flags.push(range.flags)
    let victim: mm_struct | null = null
    const child = yield* sim(libc.fork(function* () {
      yield* map(2)
      yield* touch(BASE, 1)
      yield* sim(libc.mmap(BASE + 4 * PAGE, PAGE, 3, libc.MAP_SHARED | libc.MAP_ANONYMOUS | libc.MAP_FIXED, -1, 0))
      yield* touch(BASE + 4 * PAGE, 1)
      victim = mine()
      yield* sim(msleep(100))
    } as never))
    yield* sim(libc.usleep(5000))
    expect([yield* sim(libc.process_mrelease(child)), libc.errno()]).toEqual([-1, 22])
    victim!.notifier_subscriptions = r as never
    yield* sim(libc.kill(child, libc.SIGKILL))
    expect(yield* sim(libc.process_mrelease(child))).toBe(0)
    expect(events(r)).toEqual([...both('CLEAR 400000 1'), ...both('CLEAR 10000000 2')])
    expect(flags).toEqual([0, 0, 0, 0])
    expect([pageAt(BASE, victim!) === null, pageAt(BASE + 4 * PAGE, victim!) === null]).toEqual([true, false])
    victim!.notifier_subscriptions = null
    yield* sim(libc.waitpid(child))
  })
})

test('MMUN-22: clear_refs tells SOFT_DIRTY of everything, and notes the next write', () => {
  play(function* () {
    yield* map(1)
    yield* touch(BASE, 1)
    const r = record()
    expect(yield* sim(libc.write_file('/proc/self/clear_refs', '4'))).toBe(1)
    expect(events(r)).toEqual(both('SOFT_DIRTY all'))
    expect(pte(BASE)!.softDirty).toBe(false)
    yield* sim(libc.store8(BASE, 0, 2))
    expect(pte(BASE)!.softDirty).toBe(true)
    expect(events(r)).toEqual(both('SOFT_DIRTY all'))
  })
})
