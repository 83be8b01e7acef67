import { PAGE_SIZE, type PhysAddr } from '../../base/units'
import { machine } from '../../engine/current'
import { kernelCall, quiet } from '../../kernel/api'
import type { address_space } from '../../kernel/mm/address-space'
import * as p from '../../kernel/mm/page'
import type { page } from '../../kernel/mm/page'
import * as alloc from '../../kernel/mm/page-alloc'
import { isDeviceCoherent, isDevicePrivate, isPciP2pdma } from '../../kernel/mm/pgmap'
import { physicalMemory } from '../../kernel/mm/physical'
import { pageOfDeviceAddress } from '../../kernel/pci/p2pdma-pages'
import { lockPage, unlockPage } from '../../kernel/mm/page-lock'

/** Pages: numbers, references and state. Part of `linux/mm`. */

export const pfn_to_page = quiet((pfn: number): page => p.pfnToPage(pfn))
export const page_to_pfn = quiet((page: page): number => page.$pfn)
export const page_to_phys = quiet((page: page): number => p.physOf(page))
export const phys_to_page = quiet((phys: number): page => p.pfnToPage(Math.floor(phys / PAGE_SIZE)))
/** Whether a frame has a descriptor. */
export const pfn_valid = quiet((pfn: number): boolean => p.pageMap(machine()).isValid(pfn))
/** The page that an address of the kernel lies in, or one of `pci_alloc_p2pmem`. Not for vmalloc. */
export const virt_to_page = quiet((address: Uint8Array | number): page | null =>
  typeof address === 'number' ? pageOfDeviceAddress(address) : p.pageOfAddress(address),
)
export const virt_to_folio = quiet((address: Uint8Array): page | null => {
  const page = p.pageOfAddress(address)
  return page && p.headOf(page)
})
/** Address of a page for the kernel: a buffer as long as its allocation. */
export const page_address = quiet((page: page): Uint8Array => p.pageAddress(page))
export const page_to_virt = page_address
export const folio_address = page_address
/** The physical address of a buffer. Not for vmalloc memory. */
export const virt_to_phys = quiet(
  (address: Uint8Array): number => physicalMemory(machine()).addressOf(address) ?? 0,
)
export const __pa = virt_to_phys
export const virt_to_pfn = quiet((address: Uint8Array): number =>
  Math.floor(virt_to_phys(address) / PAGE_SIZE),
)
/** The kernel's address of physical memory: the rest of its page. */
export const phys_to_virt = quiet((phys: number): Uint8Array | null =>
  alloc.physToVirt(phys as PhysAddr),
)
export const __va = phys_to_virt
export const virt_addr_valid = quiet(
  (address: Uint8Array): boolean => physicalMemory(machine()).addressOf(address) !== null,
)
/** The page of zeros that untouched memory shows. */
export const ZERO_PAGE = quiet((_address: number = 0): page => p.zeroPage())
export const is_zero_page = quiet(p.isZeroPage)
export const is_zero_pfn = quiet((pfn: number): boolean => p.zeroPage().$pfn === pfn)

export const get_page = kernelCall('get_page', (page: page): void => alloc.getPage(page))
export const try_get_page = kernelCall('try_get_page', (page: page): boolean => alloc.tryGetPage(page))
/** One reference less; the last one frees the page. */
export const put_page = kernelCall('put_page', (page: page): void => alloc.putPage(page))
export const folio_get = kernelCall('folio_get', (folio: page): void => alloc.getPage(folio))
export const folio_try_get = kernelCall('folio_try_get', (folio: page): boolean =>
  alloc.tryGetPage(folio),
)
export const folio_put = kernelCall('folio_put', (folio: page): void => alloc.putPage(folio))
export const folio_put_refs = kernelCall('folio_put_refs', (folio: page, n: number): void =>
  alloc.putPage(folio, n),
)
export const release_pages = kernelCall('release_pages', (pages: page[], n: number): void => {
  for (const page of pages.slice(0, n)) alloc.putPage(page)
})
export const page_ref_count = quiet((page: page): number => p.headOf(page).$refs)
export const page_count = page_ref_count
export const folio_ref_count = page_ref_count
/** How many page tables show it. */
export const page_mapcount = quiet((page: page): number => page.$mapcount)
export const folio_mapcount = quiet((folio: page): number => folio.$mapcount)
export const page_mapped = quiet((page: page): boolean => page.$mapcount > 0)
export const folio_mapped = page_mapped

export const page_folio = quiet((page: page): page => p.headOf(page))
export const compound_head = page_folio
export const folio_page = quiet((folio: page, n: number): page => p.pfnToPage(folio.$pfn + n))
export const nth_page = folio_page
export const folio_page_idx = quiet((folio: page, page: page): number => page.$pfn - folio.$pfn)
export const folio_pfn = page_to_pfn
export const compound_order = quiet((page: page): number => p.headOf(page).$order)
export const folio_order = compound_order
export const compound_nr = quiet((page: page): number => p.pagesOf(p.headOf(page)))
export const page_size = quiet((page: page): number => p.pagesOf(p.headOf(page)) * PAGE_SIZE)
export const folio_size = page_size
export const folio_test_large = quiet((folio: page): boolean => folio.$order > 0)
export const PageCompound = quiet(
  (page: page): boolean => p.testFlag(p.headOf(page), p.PG.head),
)
export const PageHead = quiet((page: page): boolean => p.testFlag(page, p.PG.head))
export const PageTail = quiet((page: page): boolean => page.$head !== null)
/** Makes single pages of an allocation that is not a folio. */
export const split_page = kernelCall('split_page', alloc.splitPage)

const flag = (bit: number) => ({
  test: quiet((page: page): boolean => p.testFlag(page, bit)),
  set: (page: page): void => p.setFlag(page, bit),
  clear: (page: page): void => p.clearFlag(page, bit),
})
const dirty = flag(p.PG.dirty)
const uptodate = flag(p.PG.uptodate)
const reserved = flag(p.PG.reserved)
const locked = flag(p.PG.locked)
export const PageDirty = dirty.test
export const SetPageDirty = dirty.set
export const ClearPageDirty = dirty.clear
export const PageUptodate = uptodate.test
export const SetPageUptodate = uptodate.set
export const PageReserved = reserved.test
export const SetPageReserved = reserved.set
export const ClearPageReserved = reserved.clear
export const PageLocked = locked.test
export const folio_test_dirty = dirty.test
export const folio_test_uptodate = uptodate.test
export const folio_test_locked = locked.test
export const PageAnon = quiet((page: page): boolean => p.headOf(page).$isAnon)
export const folio_test_anon = PageAnon
export const PageAnonExclusive = quiet((page: page): boolean => page.$exclusive)
export const PageHWPoison = quiet((page: page): boolean => p.testFlag(page, p.PG.hwpoison))

/** Marks a page as changed; true when it was not before. */
export const set_page_dirty = kernelCall('set_page_dirty', (page: page): boolean => {
  const was = p.testFlag(page, p.PG.dirty)
  p.setFlag(page, p.PG.dirty)
  return !was
})
export const set_page_dirty_lock = kernelCall('set_page_dirty_lock', (page: page): boolean => {
  const was = p.testFlag(page, p.PG.dirty)
  p.setFlag(page, p.PG.dirty)
  return !was
})
export const folio_mark_dirty = set_page_dirty
/** Waits until nobody has the page locked, and locks it. Sleeps. Pair: `unlock_page`. */
export const lock_page = kernelCall('lock_page', lockPage)
export const folio_lock = kernelCall('folio_lock', lockPage)
export const trylock_page = kernelCall('trylock_page', (page: page): boolean => {
  if (p.testFlag(page, p.PG.locked)) return false
  p.setFlag(page, p.PG.locked)
  return true
})
export const folio_trylock = trylock_page
export const unlock_page = kernelCall('unlock_page', unlockPage)
export const folio_unlock = kernelCall('folio_unlock', unlockPage)
/** What file (or none) a page belongs to. */
export const page_mapping = quiet((page: page): address_space | null => page.mapping)
export const folio_mapping = page_mapping
export const set_page_private = quiet((page: page, value: unknown): void => {
  page.private = value
})
export const page_private = quiet((page: page): any => page.private)

export const is_zone_device_page = quiet((page: page): boolean => page.pgmap !== null)
export const folio_is_zone_device = is_zone_device_page
export const is_device_private_page = quiet(isDevicePrivate)
export const folio_is_device_private = is_device_private_page
export const is_device_coherent_page = quiet(isDeviceCoherent)
export const folio_is_device_coherent = is_device_coherent_page
export const is_pci_p2pdma_page = quiet(isPciP2pdma)
export const page_pgmap = quiet((page: page) => page.pgmap)
