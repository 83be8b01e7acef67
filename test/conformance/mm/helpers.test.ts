import { expect, test } from 'vitest'
import * as dma from '../../../src-sim/linux/dma-mapping'
import * as h from '../../../src-sim/linux/highmem'
import * as s from '../../../src-sim/linux/slab'
import * as u from '../../../src-sim/linux/uaccess'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import { play } from '../device-model/kit'
import { BASE, map, PAGE, pageAt } from './kit'

class thing {
  a = 1
}

test('MEM: objects in bulk, and blocks that grow', () => {
  const k = play(function* () {
    const cache = s.kmem_cache_create('things', thing, 0, 0, null)!
    const all: thing[] = []
    expect(s.kmem_cache_alloc_bulk(cache, s.GFP_KERNEL, 3, all)).toBe(3)
    expect(new Set(all).size).toBe(3)
    s.kmem_cache_free_bulk(cache, 3, all)
    yield* sim(s.kmem_cache_destroy(cache))
    const block = s.kmemdup_nul(Uint8Array.of(1, 2, 3), 2, s.GFP_KERNEL)!
    expect([...block]).toEqual([1, 2, 0])
    const more = s.krealloc_array(block, 2, 4, s.GFP_KERNEL)!
    expect([...more]).toEqual([1, 2, 0, 0, 0, 0, 0, 0])
    s.kvfree_sensitive(more, 8)
  })
  expect(k.machine.findings).toEqual([])
})

test('pages are copied and zeroed in part', () => {
  play(function* () {
    const [a, b] = [h.alloc_page(h.GFP_KERNEL)!, h.alloc_page(h.GFP_KERNEL)!]
    h.memset_page(a, 0, 7, 8)
    h.clear_highpage(b)
    h.memcpy_page(b, 4, a, 0, 8)
    h.zero_user_segment(b, 6, 8)
    const out = new Uint8Array(14)
    h.memcpy_from_page(out, b, 0, 14)
    expect([...out]).toEqual([0, 0, 0, 0, 7, 7, 0, 0, 7, 7, 7, 7, 0, 0])
    h.folio_zero_range(b, 0, PAGE)
    h.memcpy_from_folio(out, b, 0, 14)
    expect(out.every((byte) => byte === 0)).toBe(true)
    expect(h.get_page_unless_zero(a)).toBe(true)
    expect(h.page_ref_count(a)).toBe(2)
    h.put_page(a)
    h.put_page(a)
    h.put_page(b)
    expect([h.vmf_error(-12), h.vmf_error(-5)]).toEqual([h.VM_FAULT_OOM, h.VM_FAULT_SIGBUS])
    expect(h.fault_flag_allow_retry_first(h.FAULT_FLAG_ALLOW_RETRY)).toBe(true)
    expect(h.fault_flag_allow_retry_first(h.FAULT_FLAG_ALLOW_RETRY | h.FAULT_FLAG_TRIED)).toBe(false)
    yield* []
  })
})

test('memory of a program is checked for zeros and made ready for writing', () => {
  play(function* () {
    yield* map(1)
    expect(yield* sim(u.fault_in_writeable(BASE, PAGE + 4))).toBe(4)
    expect(pageAt(BASE)).not.toBeNull()
    expect(u.copy_to_user_nofault(BASE, Uint8Array.of(0, 0, 1), 3)).toBe(0)
    expect(yield* sim(u.check_zeroed_user(BASE, 2))).toBe(1)
    expect(yield* sim(u.check_zeroed_user(BASE, 3))).toBe(0)
    expect(yield* sim(u.check_zeroed_user(BASE + PAGE, 1))).toBe(-14)
    expect(yield* sim(libc.load8(BASE, 2))).toBe(1)
    const gone = s.kzalloc(4, s.GFP_KERNEL)!
    const copy = new Uint8Array(4)
    expect(u.copy_from_kernel_nofault(copy, gone, 4)).toBe(0)
    s.kfree(gone)
    expect(u.copy_from_kernel_nofault(copy, gone, 4)).toBe(-14)
    expect(u.copy_to_kernel_nofault(null, copy, 4)).toBe(-14)
  })
})

test('what a driver remembers for unmapping', () => {
  const ring = { addr: 0, len: 0 }
  dma.dma_unmap_addr_set(ring, 'addr', 0x1000)
  dma.dma_unmap_len_set(ring, 'len', 8)
  expect([dma.dma_unmap_addr(ring, 'addr'), dma.dma_unmap_len(ring, 'len')]).toEqual([0x1000, 8])
})
