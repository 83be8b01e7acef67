import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import type { page } from '../../../src-sim/kernel/mm/page'
import * as mm from '../../../src-sim/linux/mm'
import { mmap_read_lock, mmap_read_unlock } from '../../../src-sim/linux/mmap_lock'
import { ptr } from '../../../src-sim/linux/types'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import { play } from '../device-model/kit'
import { BASE, both, events, map, mine, PAGE, pageAt, record, touch } from './kit'

function* locked<T>(body: () => Sim<T>): Sim<T> {
  yield* sim(mmap_read_lock(mine()))
  const ret = yield* body()
  mmap_read_unlock(mine())
  return ret
}

test('MM-12: a pin counts 1024 on a small page, a reference 1; each has its own way back', () => {
  play(function* () {
    yield* map(1)
    const pages: page[] = []
    expect(yield* sim(mm.pin_user_pages_fast(BASE, 1, mm.FOLL_WRITE, pages))).toBe(1)
    const p = pages[0]!
    expect([mm.page_ref_count(p), mm.page_maybe_dma_pinned(p)]).toEqual([1025, true])
    expect(yield* sim(mm.get_user_pages_fast(BASE, 1, 0, pages))).toBe(1)
    expect([pages[0] === p, mm.page_ref_count(p)]).toEqual([true, 1026])
    mm.put_page(p)
    mm.unpin_user_page(p)
    expect([mm.page_ref_count(p), mm.page_maybe_dma_pinned(p)]).toEqual([1, false])
  })
})

test('MM-12: the page of zeros is pinned without any count', () => {
  play(function* () {
    yield* map(1)
    const pages: page[] = []
    expect(yield* sim(mm.pin_user_pages_fast(BASE, 1, 0, pages))).toBe(1)
    expect(mm.is_zero_page(pages[0]!)).toBe(true)
    const before = mm.page_ref_count(pages[0]!)
    mm.unpin_user_page(pages[0]!)
    expect(mm.page_ref_count(pages[0]!)).toBe(before)
  })
})

test('MM-13: a pinned page outlives its mapping; a new one at the same place uses other pages', () => {
  play(function* () {
    yield* map(1)
    yield* sim(libc.store8(BASE, 0, 7))
    const pages: page[] = []
    yield* sim(mm.pin_user_pages_fast(BASE, 1, mm.FOLL_WRITE | mm.FOLL_LONGTERM, pages))
    yield* sim(libc.munmap(BASE, PAGE))
    const p = pages[0]!
    expect([mm.page_mapped(p), mm.page_maybe_dma_pinned(p), mm.page_address(p)[0]]).toEqual([false, true, 7])
    yield* map(1)
    yield* touch(BASE, 1)
    expect(pageAt(BASE)).not.toBe(p)
    mm.unpin_user_pages_dirty_lock(pages, 1, true)
    expect(mm.page_ref_count(p)).toBe(0)
  })
})

test('MM-17: what was got so far, else the error', () => {
  play(function* () {
    yield* map(2)
    const pages: page[] = []
    expect(yield* sim(mm.get_user_pages_fast(BASE, 4, 0, pages))).toBe(2)
    expect(yield* sim(mm.get_user_pages_fast(BASE + 2 * PAGE, 1, 0, pages))).toBe(-14)
    yield* sim(libc.mprotect(BASE, PAGE, libc.PROT_READ))
    expect(yield* sim(mm.get_user_pages_fast(BASE, 1, mm.FOLL_WRITE, pages))).toBe(-14)
    yield* sim(libc.mprotect(BASE, PAGE, libc.PROT_NONE))
    expect(yield* sim(mm.get_user_pages_fast(BASE, 1, 0, pages))).toBe(-14)
    expect(yield* sim(mm.get_user_pages_fast(2 ** 64 - PAGE, 2, 0, pages))).toBe(-75)
    expect(yield* sim(mm.get_user_pages_fast(0x7ffffffff000, 1, 0, pages))).toBe(-14)
  })
})

test('MM-17: without leave to fault, only what is there', () => {
  play(function* () {
    yield* map(2)
    yield* touch(BASE, 1)
    const pages: page[] = []
    const got = yield* locked(() => sim(mm.get_user_pages(BASE, 2, mm.FOLL_NOFAULT, pages)))
    expect(got).toBe(1)
    expect(mm.get_user_pages_fast_only(BASE, 2, 0, pages)).toBe(1)
    expect(yield* locked(() => sim(mm.get_user_pages(BASE + PAGE, 1, mm.FOLL_NOFAULT, pages)))).toBe(-14)
  })
})

test('MM-17: senseless flags warn once; the fast and get forms answer -EINVAL, pin_user_pages 0', () => {
  const k = play(function* () {
    yield* map(1)
    const pages: page[] = []
    expect(yield* sim(mm.get_user_pages_fast(BASE, 1, mm.FOLL_LONGTERM, pages))).toBe(-22)
    expect(yield* sim(mm.pin_user_pages_fast(BASE, 1, mm.FOLL_GET, pages))).toBe(-22)
    expect(yield* locked(() => sim(mm.pin_user_pages(BASE, 1, mm.FOLL_GET, pages)))).toBe(0)
    expect(yield* locked(() => sim(mm.pin_user_pages(BASE, 1, 0, null)))).toBe(0)
    expect(yield* locked(() => sim(mm.get_user_pages(BASE, 1, mm.FOLL_LONGTERM, pages)))).toBe(-22)
  })
  expect(new Set(k.kinds)).toEqual(new Set(['warn.gup-args']))
})

test('MM-14: mappings of frames have no pages to get, but frames to be looked up', () => {
  play(function* () {
    yield* map(2)
    const vma = mm.vma_lookup(mine(), BASE)!
    expect(mm.remap_pfn_range(vma, BASE, 0x40, 2 * PAGE, 0)).toBe(0)
    const pages: page[] = []
    expect(yield* sim(mm.get_user_pages_fast(BASE, 1, 0, pages))).toBe(-14)
    const args = new mm.follow_pfnmap_args({ vma, address: BASE + PAGE })
    yield* sim(mmap_read_lock(mine()))
    expect(mm.follow_pfnmap_start(args)).toBe(0)
    expect([args.pfn, args.writable]).toEqual([0x41, false])
    mm.follow_pfnmap_end(args)
    args.address = BASE + 2 * PAGE
    expect(mm.follow_pfnmap_start(args)).toBe(-22)
    mmap_read_unlock(mine())
    yield* sim(mm.zap_vma_ptes(vma, BASE, PAGE))
    args.address = BASE
    expect(yield* locked(() => sim(mm.follow_pfnmap_start(args)))).toBe(-22)
  })
})

test('MM-14: follow_pfnmap_start knows mappings of frames only', () => {
  play(function* () {
    yield* map(1)
    yield* touch(BASE, 1)
    const vma = mm.vma_lookup(mine(), BASE)!
    const args = new mm.follow_pfnmap_args({ vma, address: BASE })
    expect(yield* locked(() => sim(mm.follow_pfnmap_start(args)))).toBe(-22)
  })
})

test('MM-14: fixup_user_fault brings a page in, or tells why not', () => {
  play(function* () {
    yield* map(1)
    yield* locked(function* () {
      const fix = (at: number, flags: number) => sim(mm.fixup_user_fault(mine(), at, flags, ptr(false)))
      expect(yield* fix(BASE, mm.FAULT_FLAG_WRITE)).toBe(0)
      expect(pageAt(BASE)).not.toBeNull()
      expect(yield* fix(BASE + PAGE, 0)).toBe(-14)
    })
    yield* sim(libc.mprotect(BASE, PAGE, libc.PROT_READ))
    yield* locked(function* () {
      expect(yield* sim(mm.fixup_user_fault(mine(), BASE, mm.FAULT_FLAG_WRITE, null))).toBe(-14)
    })
  })
})

test('MM-12: a pin for reading of a shared page breaks the sharing first, told as CLEAR', () => {
  play(function* () {
    yield* map(1)
    yield* touch(BASE, 1)
    const child = yield* sim(libc.fork(function* () {
      yield* sim(libc.pause())
    } as never))
    yield* sim(libc.usleep(1000))
    const shared = pageAt(BASE)
    const r = record()
    const pages: page[] = []
    expect(yield* sim(mm.pin_user_pages_fast(BASE, 1, 0, pages))).toBe(1)
    expect(events(r)).toEqual(both('CLEAR 10000000 1'))
    expect(pages[0]).not.toBe(shared)
    yield* sim(libc.kill(child, libc.SIGKILL))
    yield* sim(libc.waitpid(child))
    mm.unpin_user_page(pages[0]!)
  })
})

test('FOLL_FORCE writes to a private copy of what the program may only read', () => {
  play(function* () {
    yield* map(1, BASE, libc.PROT_READ)
    const pages: page[] = []
    const flags = mm.FOLL_WRITE | mm.FOLL_FORCE
    expect(yield* locked(() => sim(mm.get_user_pages(BASE, 1, flags, pages)))).toBe(1)
    mm.page_address(pages[0]!)[0] = 9
    expect(yield* sim(libc.load8(BASE))).toBe(9)
    mm.put_page(pages[0]!)
  })
})

test('looking at mappings without the lock is warned about', () => {
  const k = play(function* () {
    yield* map(1)
    expect(mm.find_vma(mine(), BASE)!.vm_start).toBe(BASE)
    yield* locked(function* () {
      expect(mm.find_vma(mine(), 0)!.vm_start).toBeGreaterThan(0)
      expect(yield* sim(mm.find_vma_intersection(mine(), BASE - PAGE, BASE))).toBeNull()
    })
  })
  expect(k.kinds).toEqual(['warn.mmap-lock'])
  expect(k.machine.findings[0]!.title).toBe('WARNING: include/linux/rwsem.h at find_vma')
})
