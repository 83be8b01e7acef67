import { expect, test } from 'vitest'
import { memoryAccess } from '../../../src-sim/kernel/mm/watch'
import { IS_ERR } from '../../../src-sim/linux/err'
import { __GFP_COMP, __GFP_ZERO, GFP_KERNEL } from '../../../src-sim/linux/gfp'
import * as gfp from '../../../src-sim/linux/gfp'
import * as high from '../../../src-sim/linux/highmem'
import * as mm from '../../../src-sim/linux/mm'
import { kfree, kmalloc } from '../../../src-sim/linux/slab'
import * as vm from '../../../src-sim/linux/vmalloc'
import { sim } from '../../sim/harness'
import { play } from '../device-model/kit'
import { PAGE } from './kit'

test('a page has a number, a physical address and an address, and each leads back to it', () => {
  play(function* () {
    const p = mm.alloc_page(GFP_KERNEL | __GFP_ZERO)!
    expect(mm.pfn_to_page(mm.page_to_pfn(p))).toBe(p)
    expect(mm.page_to_phys(p)).toBe(mm.page_to_pfn(p) * PAGE)
    const at = mm.page_address(p)
    expect([at.length, at[5], mm.page_address(p) === at]).toEqual([PAGE, 0, true])
    expect(mm.virt_to_page(at.subarray(100))).toBe(p)
    expect(mm.virt_to_phys(at.subarray(100))).toBe(mm.page_to_phys(p) + 100)
    mm.phys_to_virt(mm.page_to_phys(p) + 100)![0] = 9
    expect(at[100]).toBe(9)
    expect([mm.page_ref_count(p), mm.pfn_valid(mm.page_to_pfn(p)), mm.pfn_valid(2 ** 40)]).toEqual([1, true, false])
    mm.__free_page(p)
  })
})

test('the last reference frees; who uses an address of the page then uses freed memory', () => {
  const k = play(function* (kit) {
    const p = mm.alloc_page(GFP_KERNEL)!
    const at = high.kmap_local_page(p)
    const whole = mm.page_address(p)
    mm.get_page(p)
    mm.put_page(p)
    expect(mm.page_ref_count(p)).toBe(1)
    mm.put_page(p)
    expect(mm.page_ref_count(p)).toBe(0)
    expect(at.length).toBe(PAGE)
    const { $dead } = whole as { $dead?: unknown }
    expect($dead).toBeDefined()
    memoryAccess(kit.machine).bad(whole, 3, true)
  })
  const [finding] = k.machine.findings
  expect(finding!.kind).toBe('kasan.use-after-free')
  expect(finding!.report[1]).toMatch(/^BUG: KASAN: use-after-free in /)
  expect(finding!.report.join('\n')).toMatch(/Write of size 1 .*\n[^]*belongs to the physical page:\npage: refcount:0/)
})

test('a second free is told', () => {
  const k = play(function* () {
    const at = gfp.__get_free_pages(GFP_KERNEL, 1)!
    expect(at.length).toBe(2 * PAGE)
    gfp.free_pages(at, 1)
    gfp.free_pages(at, 1)
  })
  expect(k.kinds).toEqual(['kasan.double-free'])
})

test('many pages are aligned to their size; compound ones count once, at the head', () => {
  play(function* () {
    mm.alloc_page(GFP_KERNEL)
    const p = mm.alloc_pages(GFP_KERNEL | __GFP_COMP, 2)!
    const tail = mm.nth_page(p, 3)
    expect(mm.page_to_pfn(p) % 4).toBe(0)
    expect([mm.compound_head(tail) === p, mm.PageTail(tail), mm.compound_order(p)]).toEqual([true, true, 2])
    mm.get_page(tail)
    expect([mm.page_ref_count(p), mm.folio_size(p)]).toEqual([2, 4 * PAGE])
    mm.put_page(tail)
    mm.__free_pages(p, 2)
    expect(mm.page_ref_count(p)).toBe(0)
  })
})

test('split_page makes pages that are freed one by one', () => {
  play(function* () {
    const p = mm.alloc_pages(GFP_KERNEL, 1)!
    const second = mm.nth_page(p, 1)
    mm.split_page(p, 1)
    mm.__free_page(p)
    expect([mm.page_ref_count(p), mm.page_ref_count(second)]).toEqual([0, 1])
    mm.__free_page(second)
    expect(mm.page_ref_count(second)).toBe(0)
  })
})

test('vmalloc memory is known as such, kmalloc memory is not', () => {
  play(function* () {
    const v = vm.vmalloc(3 * PAGE)!
    const k = kmalloc(64, GFP_KERNEL) as Uint8Array
    expect([vm.is_vmalloc_addr(v), vm.is_vmalloc_addr(v.subarray(PAGE)), vm.is_vmalloc_addr(k)]).toEqual([true, true, false])
    expect(vm.vmalloc_to_page(v.subarray(PAGE))).toBe(mm.pfn_to_page(vm.vmalloc_to_pfn(v) + 1))
    vm.vfree(v)
    kfree(k)
  })
})

test('vmap shows the bytes of the pages, until vunmap', () => {
  play(function* () {
    const first = mm.alloc_pages(GFP_KERNEL, 1)!
    const pages = [first, mm.nth_page(first, 1)]
    const at = yield* sim(vm.vmap(pages, 2, vm.VM_MAP, vm.PAGE_KERNEL))
    at![PAGE + 1] = 7
    expect(mm.page_address(pages[1]!)[1]).toBe(7)
    expect(vm.is_vmalloc_addr(at)).toBe(true)
    yield* sim(vm.vunmap(at))
    expect(IS_ERR(at)).toBe(false)
  })
})

test('a page is locked by one at a time', () => {
  const k = play(function* (kit) {
    const p = mm.alloc_page(GFP_KERNEL)!
    yield* sim(mm.lock_page(p))
    expect([mm.trylock_page(p), mm.PageLocked(p)]).toEqual([false, true])
    mm.unlock_page(p)
    kit.say(String(mm.trylock_page(p)))
  })
  expect(k.log).toEqual(['true'])
})
