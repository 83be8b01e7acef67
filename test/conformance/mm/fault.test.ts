import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { cdev, cdev_add, cdev_init, cdev_make_node } from '../../../src-sim/linux/cdev'
import * as fs from '../../../src-sim/linux/fs'
import { GFP_KERNEL } from '../../../src-sim/linux/gfp'
import * as mm from '../../../src-sim/linux/mm'
import { ptr } from '../../../src-sim/linux/types'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import { play, type Kit } from '../device-model/kit'
import { BASE, both, events, map, mine, PAGE, pageAt, pte, record } from './kit'

/** A device whose `mmap` is the given one; mapped shared by the running program. */
function* device(kit: Kit, mmap: fs.file_operations['mmap'], pages = 2, flags: number = libc.MAP_SHARED): Sim<number> {
  const dev = ptr(0)
  fs.alloc_chrdev_region(dev, 0, 1, 'demo')
  const c = new cdev()
  cdev_init(c, { mmap, release: () => (kit.say('release'), 0) })
  cdev_add(c, dev.value, 1)
  cdev_make_node('demo', dev.value)
  const fd = yield* sim(libc.open('/dev/demo'))
  const at = yield* sim(libc.mmap(null, pages * PAGE, 3, flags, fd, 0))
  yield* sim(libc.close(fd))
  return at
}

test('MMUN-23: filling an empty entry tells nothing; writing where zeros were read tells CLEAR', () => {
  play(function* () {
    yield* map(2)
    const r = record()
    yield* sim(libc.store8(BASE, 0, 1))
    expect(yield* sim(libc.load8(BASE + PAGE))).toBe(0)
    expect(pte(BASE + PAGE)!.kind).toBe('zero')
    expect(events(r)).toEqual([])
    yield* sim(libc.store8(BASE + PAGE, 0, 1))
    expect(events(r)).toEqual(both('CLEAR 10001000 1'))
    expect(pageAt(BASE + PAGE)!.$refs).toBe(1)
  })
})

test('a bad access is SIGSEGV, and ends the program that did not ask for it', () => {
  play(function* () {
    yield* map(1, BASE, libc.PROT_READ)
    expect(yield* sim(libc.catch_fault(() => libc.store8(BASE, 0, 1)))).toBe(libc.SIGSEGV)
    expect(yield* sim(libc.catch_fault(() => libc.load8(BASE)))).toBe(0)
    expect(yield* sim(libc.catch_fault(() => libc.load8(BASE + PAGE)))).toBe(libc.SIGSEGV)
    yield* sim(libc.mprotect(BASE, PAGE, libc.PROT_NONE))
    expect(yield* sim(libc.catch_fault(() => libc.load8(BASE)))).toBe(libc.SIGSEGV)
    const child = yield* sim(libc.fork(function* () {
      yield* sim(libc.load8(4))
    } as never))
    expect(yield* sim(libc.waitpid(child))).toBe(139)
  })
})

test('MM-08: the handler hands out a page with a reference, which the mapping then holds', () => {
  play(function* (kit) {
    const page = mm.alloc_page(GFP_KERNEL)!
    const seen: unknown[] = []
    const at = yield* device(kit, (_file, vma) => {
      vma.vm_ops = {
        fault(vmf) {
          seen.push([vmf.pgoff, vmf.address - vmf.vma.vm_start, vmf.flags & mm.FAULT_FLAG_WRITE])
          mm.get_page(page)
          vmf.page = page
          return 0
        },
      }
      return 0
    })
    yield* sim(libc.store32(at, 8, 42))
    expect(mm.page_address(page)[8]).toBe(42)
    expect([mm.page_ref_count(page), mm.page_mapcount(page)]).toEqual([2, 1])
    expect(yield* sim(libc.load32(at + PAGE, 8))).toBe(42)
    expect(seen).toEqual([[0, 0, 1], [1, PAGE, 0]])
    yield* sim(libc.munmap(at, 2 * PAGE))
    expect([mm.page_ref_count(page), mm.page_mapcount(page)]).toEqual([1, 0])
    mm.__free_page(page)
  })
})

test('MM-08: a private mapping gets a copy of what the handler hands out', () => {
  play(function* (kit) {
    const page = mm.alloc_page(GFP_KERNEL)!
    mm.page_address(page).fill(5)
    const mmap: fs.file_operations['mmap'] = (_file, vma) => {
      vma.vm_ops = { fault: (vmf) => (mm.get_page(page), (vmf.page = page), 0) }
      return 0
    }
    const at = yield* device(kit, mmap, 1, libc.MAP_PRIVATE)
    yield* sim(libc.store8(at, 0, 9))
    expect([mm.page_address(page)[0], yield* sim(libc.load8(at)), yield* sim(libc.load8(at, 1))]).toEqual([5, 9, 5])
    expect(mm.page_ref_count(page)).toBe(1)
  })
})

test('a handler without an answer is SIGBUS; so is a mapping without a handler', () => {
  play(function* (kit) {
    const at = yield* device(kit, (_file, vma) => {
      vma.vm_ops = { fault: () => mm.VM_FAULT_SIGBUS }
      return 0
    })
    expect(yield* sim(libc.catch_fault(() => libc.load8(at)))).toBe(libc.SIGBUS)
    mm.vma_lookup(mine(), at)!.vm_ops = {}
    expect(yield* sim(libc.catch_fault(() => libc.load8(at)))).toBe(libc.SIGBUS)
  })
})

test('page_mkwrite is asked before a shared page becomes writable, once until it is taken away', () => {
  const k = play(function* (kit) {
    const page = mm.alloc_page(GFP_KERNEL)!
    const at = yield* device(kit, (_file, vma) => {
      vma.vm_ops = {
        fault: (vmf) => (kit.say('fault'), mm.get_page(page), (vmf.page = page), 0),
        page_mkwrite: () => (kit.say('mkwrite'), 0),
      }
      return 0
    }, 1)
    yield* sim(libc.load8(at))
    yield* sim(libc.store8(at, 0, 1))
    yield* sim(libc.store8(at, 0, 2))
    yield* sim(mm.unmap_mapping_range(mm.vma_lookup(mine(), at)!.vm_file!.f_mapping, 0, 0, 1))
    yield* sim(libc.store8(at, 0, 3))
  })
  expect(k.log.slice(0, 4)).toEqual(['fault', 'mkwrite', 'fault', 'mkwrite'])
})

test('MM-08: vmf_insert_pfn into a mapping that was not announced as one of frames is a BUG', () => {
  const k = play(function* (kit) {
    const at = yield* device(kit, (_file, vma) => {
      vma.vm_ops = { fault: (vmf) => mm.vmf_insert_pfn(vmf.vma, vmf.address, 1) }
      return 0
    })
    yield* sim(libc.waitpid(yield* sim(libc.fork(function* () {
      yield* sim(libc.load8(at))
    } as never))))
  })
  expect(k.kinds).toContain('oops.bug')
})

test('MM-16: a zap tells CLEAR for each mapping in its process, and what it covers', () => {
  play(function* (kit) {
    const frames = mm.alloc_pages(GFP_KERNEL, 1)!
    const at = yield* device(kit, (_file, vma) =>
      mm.remap_pfn_range(vma, vma.vm_start, mm.page_to_pfn(frames), 2 * PAGE, 0),
    )
    const vma = mm.vma_lookup(mine(), at)!
    expect(vma.vm_flags & (mm.VM_IO | mm.VM_PFNMAP | mm.VM_DONTEXPAND)).toBe(
      mm.VM_IO | mm.VM_PFNMAP | mm.VM_DONTEXPAND,
    )
    const r = record()
    yield* sim(mm.unmap_mapping_range(vma.vm_file!.f_mapping, PAGE, PAGE, 1))
    expect(events(r)).toEqual(both(`CLEAR ${(at + PAGE).toString(16)} 1`))
    expect([pte(at) === null, pte(at + PAGE) === null]).toEqual([false, true])
    r.log.length = 0
    yield* sim(mm.zap_vma_ptes(vma, at, PAGE))
    yield* sim(mm.zap_vma_ptes(vma, at, 3 * PAGE))
    expect(events(r)).toEqual(both(`CLEAR ${at.toString(16)} 1`))
    expect(yield* sim(libc.catch_fault(() => libc.load8(at)))).toBe(libc.SIGBUS)
  })
})

test('MM-07: open on a split and on a fork, close once for each; the fork opens before it holds', () => {
  const k = play(function* (kit) {
    const counts: number[] = []
    const at = yield* device(kit, (_file, vma) => {
      vma.vm_ops = {
        open: (v) => counts.push(v.vm_file!.$count),
        close: () => kit.say('close'),
      }
      return 0
    }, 4)
    const count = mm.vma_lookup(mine(), at)!.vm_file!.$count
    yield* sim(libc.munmap(at + PAGE, PAGE))
    expect(k0(kit)).toBe(1)
    expect(counts).toEqual([count + 1, count + 2])
    yield* sim(libc.waitpid(yield* sim(libc.fork(function* () {} as never))))
    expect(counts.slice(2)).toEqual([count + 1, count + 2])
    expect(k0(kit)).toBe(3)
  })
  expect(k.log).toEqual(['close', 'close', 'close', 'close', 'close', 'release'])
})

const k0 = (kit: Kit): number => kit.log.filter((line) => line === 'close').length

test('MM-07: a split can be vetoed', () => {
  play(function* (kit) {
    const at = yield* device(kit, (_file, vma) => {
      vma.vm_ops = { may_split: () => -22 }
      return 0
    }, 2)
    expect([yield* sim(libc.munmap(at, PAGE)), libc.errno()]).toEqual([-1, 22])
    expect(yield* sim(libc.munmap(at, 2 * PAGE))).toBe(0)
  })
})

test('MM-05: at the exit subscribers are released first, then one UNMAP of everything, then closes', () => {
  const k = play(function* (kit) {
    const program = function* (): Sim {
      const at = yield* device(kit, (_file, vma) => {
        vma.vm_ops = { close: () => kit.say('close'), fault: () => mm.VM_FAULT_SIGBUS }
        return 0
      })
      expect(at).toBeGreaterThan(0)
      yield* map(1)
      const r = record()
      r.log.push = (line: string) => (kit.say(line), 0)
    }
    yield* sim(libc.waitpid(yield* sim(libc.fork(program as never))))
  })
  expect(k.log).toEqual([
    'release 0 false', 'start UNMAP all', 'end UNMAP all', 'tlb all', 'close', 'destroy', 'release',
  ])
})

test('a driver with mmap_prepare only says how the mapping is to be', () => {
  const k = play(function* (kit) {
    const dev = ptr(0)
    fs.alloc_chrdev_region(dev, 0, 1, 'demo')
    const c = new cdev()
    cdev_init(c, {
      mmap_prepare: (desc) => {
        kit.say(`${(desc.end - desc.start) / PAGE} ${desc.pgoff} ${desc.vm_flags & mm.VM_SHARED}`)
        if (desc.pgoff === 9) return -16
        desc.vm_ops = { fault: () => mm.VM_FAULT_SIGBUS, close: () => kit.say('close') }
        desc.private_data = 42
        return 0
      },
    })
    cdev_add(c, dev.value, 1)
    cdev_make_node('demo', dev.value)
    const fd = yield* sim(libc.open('/dev/demo'))
    const at = yield* sim(libc.mmap(null, 2 * PAGE, 3, libc.MAP_SHARED, fd, PAGE))
    expect(mm.vma_lookup(mine(), at)!.vm_private_data).toBe(42)
    yield* sim(libc.munmap(at, 2 * PAGE))
    expect([yield* sim(libc.mmap(null, PAGE, 3, 1, fd, 9 * PAGE)), libc.errno()]).toEqual([-1, 16])
  })
  expect(k.log).toEqual(['2 1 8', 'close', '1 9 8'])
})

test('frames behind a private mapping go behind all of it; it remembers the first one', () => {
  play(function* () {
    yield* map(2)
    const vma = mm.vma_lookup(mine(), BASE)!
    expect(mm.remap_pfn_range(vma, BASE, 0x40, PAGE, 0)).toBe(-22)
    expect(mm.remap_pfn_range(vma, BASE, 0x40, 2 * PAGE, 0)).toBe(0)
    expect([vma.vm_pgoff, pte(BASE)!.write]).toEqual([0x40, false])
  })
})
