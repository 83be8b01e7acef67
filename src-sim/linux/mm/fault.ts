import { PAGE_SIZE } from '../../base/units'
import { kernelCall } from '../../kernel/api'
import { FAULT, FAULT_FLAG } from '../../kernel/mm/fault-codes'
import type { address_space } from '../../kernel/mm/address-space'
import * as map from '../../kernel/mm/map-pages'
import type { page } from '../../kernel/mm/page'
import { pageOfAddress } from '../../kernel/mm/page'
import type { vm_area_struct } from '../../kernel/mm/vma'
import { zapFrames, zapMappings } from '../../kernel/mm/zap'
import { EINVAL } from '../errno'

/** What drivers put behind mappings, and take away again. Part of `linux/mm`. */

export const VM_FAULT_OOM = FAULT.OOM
/** Nothing can be there: the program gets SIGBUS. */
export const VM_FAULT_SIGBUS = FAULT.SIGBUS
export const VM_FAULT_MAJOR = FAULT.MAJOR
export const VM_FAULT_HWPOISON = FAULT.HWPOISON
export const VM_FAULT_SIGSEGV = FAULT.SIGSEGV
/** The handler has put the page there itself. */
export const VM_FAULT_NOPAGE = FAULT.NOPAGE
/** `vmf.page` is locked. */
export const VM_FAULT_LOCKED = FAULT.LOCKED
/** The handler has let go of the lock of the address space: try again. */
export const VM_FAULT_RETRY = FAULT.RETRY
export const VM_FAULT_FALLBACK = FAULT.FALLBACK
export const VM_FAULT_DONE_COW = FAULT.DONE_COW
export const VM_FAULT_ERROR = FAULT.OOM | FAULT.SIGBUS | FAULT.SIGSEGV | FAULT.HWPOISON
export const FAULT_FLAG_WRITE = FAULT_FLAG.WRITE
export const FAULT_FLAG_MKWRITE = FAULT_FLAG.MKWRITE
export const FAULT_FLAG_ALLOW_RETRY = FAULT_FLAG.ALLOW_RETRY
export const FAULT_FLAG_RETRY_NOWAIT = FAULT_FLAG.RETRY_NOWAIT
export const FAULT_FLAG_KILLABLE = FAULT_FLAG.KILLABLE
export const FAULT_FLAG_TRIED = FAULT_FLAG.TRIED
export const FAULT_FLAG_USER = FAULT_FLAG.USER
export const FAULT_FLAG_REMOTE = FAULT_FLAG.REMOTE
export const FAULT_FLAG_UNSHARE = FAULT_FLAG.UNSHARE

/** Bits that `pgprot_noncached` and its kin add; the CPU of the machine caches nothing anyway. */
export const PROTECT = { UNCACHED: 0x10_0000, WRITE_COMBINE: 0x20_0000 } as const

/** Puts frames behind a part of a mapping; only from its `mmap`. 0 or -EINVAL. */
export function remap_pfn_range(
  vma: vm_area_struct, addr: number, pfn: number, size: number, _prot: number,
): number {
  return map.remapFrames(vma, addr, pfn, size)
}
export const io_remap_pfn_range = remap_pfn_range

/** Maps a stretch of device memory, as much as the program asked for. 0 or -EINVAL. */
export function vm_iomap_memory(vma: vm_area_struct, start: number, len: number): number {
  const size = vma.vm_end - vma.vm_start
  const skipped = vma.vm_pgoff * PAGE_SIZE
  const inPage = start % PAGE_SIZE
  if (skipped + size > Math.ceil((len + inPage) / PAGE_SIZE) * PAGE_SIZE) return -EINVAL
  return map.remapFrames(vma, vma.vm_start, (start - inPage + skipped) / PAGE_SIZE, size)
}

/** For fault handlers: puts one frame there and answers what the handler then has to answer. */
export function vmf_insert_pfn(vma: vm_area_struct, addr: number, pfn: number): number {
  return map.insertFrame(vma, addr, pfn)
}
export function vmf_insert_pfn_prot(
  vma: vm_area_struct, addr: number, pfn: number, _pgprot: number,
): number {
  return map.insertFrame(vma, addr, pfn)
}
/** The same for a mapping that may also show counted pages. */
export function vmf_insert_mixed(vma: vm_area_struct, addr: number, pfn: number): number {
  return map.insertMixed(vma, addr, pfn)
}
/** Puts a counted page behind one address; the mapping holds it from then on. 0 or -errno. */
export function vm_insert_page(vma: vm_area_struct, addr: number, page: page): number {
  return map.insertPage(vma, addr, page)
}
/** `vm_insert_page` as the answer of a fault handler. */
export function vmf_insert_page(vma: vm_area_struct, addr: number, page: page): number {
  const error = map.insertPage(vma, addr, page)
  if (error === -12) return FAULT.OOM
  return error < 0 && error !== -16 ? FAULT.SIGBUS : FAULT.NOPAGE
}
/** Several pages in a row; `num.value` is how many were left over. 0 or -errno. */
export function vm_insert_pages(
  vma: vm_area_struct, addr: number, pages: page[], num: { value: number },
): number {
  const count = num.value
  for (let i = 0; i < count; i++) {
    const error = map.insertPage(vma, addr + i * PAGE_SIZE, pages[i]!)
    if (error) return error
    num.value--
  }
  return 0
}
/** All pages that the mapping asks for, from its place in the file on. 0 or -ENXIO. */
export function vm_map_pages(vma: vm_area_struct, pages: page[], _num: number): number {
  return map.mapPages(vma, pages, vma.vm_pgoff)
}
/** The same from the first page on. */
export function vm_map_pages_zero(vma: vm_area_struct, pages: page[], _num: number): number {
  return map.mapPages(vma, pages, 0)
}
/** Puts vmalloc'ed memory behind a mapping. 0 or -EINVAL. */
export function remap_vmalloc_range(vma: vm_area_struct, addr: Uint8Array, pgoff: number): number {
  const size = vma.vm_end - vma.vm_start
  if (pgoff * PAGE_SIZE + size > Math.ceil(addr.length / PAGE_SIZE) * PAGE_SIZE) return -EINVAL
  for (let at = 0; at < size; at += PAGE_SIZE) {
    const page = pageOfAddress(addr.subarray(pgoff * PAGE_SIZE + at))
    const error = page === null ? -EINVAL : map.insertPage(vma, vma.vm_start + at, page)
    if (error) return error
  }
  return 0
}

/** Takes away what is behind a part of a mapping of frames: the next access faults. May sleep. */
export const zap_vma_ptes = kernelCall('zap_vma_ptes', zapFrames)

/**
 * Takes away what is behind all mappings of a file, in all processes, from byte `holebegin` on
 * (everything when `holelen` is 0). Private copies stay unless `even_cows`. May sleep.
 */
export const unmap_mapping_range = kernelCall(
  'unmap_mapping_range',
  (mapping: address_space, holebegin: number, holelen: number, even_cows: number | boolean) =>
    zapMappings(mapping, holebegin, holelen, Boolean(even_cows)),
)
/** The same, counted in pages; 0 pages are all of them. */
export const unmap_mapping_pages = kernelCall(
  'unmap_mapping_pages',
  (mapping: address_space, start: number, nr: number, even_cows: boolean) =>
    zapMappings(mapping, start * PAGE_SIZE, nr * PAGE_SIZE, even_cows),
)
