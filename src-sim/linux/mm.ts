import { PAGE_SIZE as SIZE } from '../base/units'
import { FAULT, FAULT_FLAG_WRITE as WRITE, insertFrame, remapFrames } from '../kernel/fs/fault'
import type { address_space, vm_area_struct } from '../kernel/fs/mapping'
import { zapArea, zapMappings } from '../kernel/fs/revoke'
import { quiet } from '../kernel/api'

/** What drivers put into the address space of programs: `linux/mm`. */

export {
  address_space,
  vm_area_struct,
  type vm_fault,
  type vm_operations_struct,
} from '../kernel/fs/mapping'

export const PAGE_SHIFT = 12
export const PAGE_SIZE: number = SIZE
export const VM_FAULT_OOM = FAULT.OOM
/** Nothing can be there: the program gets SIGBUS. */
export const VM_FAULT_SIGBUS = FAULT.SIGBUS
/** The handler has put the page there itself. */
export const VM_FAULT_NOPAGE = FAULT.NOPAGE
export const VM_FAULT_LOCKED = FAULT.LOCKED
export const VM_FAULT_RETRY = FAULT.RETRY
export const FAULT_FLAG_WRITE = WRITE

/** Puts physical pages behind a part of a mapping; only from its `mmap`. 0 or -EINVAL. */
export function remap_pfn_range(
  vma: vm_area_struct,
  addr: number,
  pfn: number,
  size: number,
  _prot: number,
): number {
  return remapFrames(vma, addr, pfn, size)
}
export const io_remap_pfn_range = remap_pfn_range

/** Maps a stretch of device memory, as much as the program asked for. 0 or -EINVAL. */
export function vm_iomap_memory(vma: vm_area_struct, start: number, len: number): number {
  const size = vma.vm_end - vma.vm_start
  const skipped = vma.vm_pgoff * SIZE
  if (skipped + size > Math.ceil(len / SIZE) * SIZE) return -22
  return remapFrames(vma, vma.vm_start, (start + skipped) / SIZE, size)
}

/** For fault handlers: puts one page there and answers what the handler then has to answer. */
export function vmf_insert_pfn(vma: vm_area_struct, addr: number, pfn: number): number {
  return insertFrame(vma, addr, pfn)
}

/** Takes away what is behind a mapping: the next access faults. */
export function zap_vma_ptes(vma: vm_area_struct, _address: number, _size: number): void {
  zapArea(vma)
}

/** Takes away what is behind all mappings of a file's pages, in all processes. */
export function unmap_mapping_range(
  mapping: address_space,
  _holebegin: number,
  _holelen: number,
  _even_cows: number,
): void {
  zapMappings(mapping)
}

export const offset_in_page = quiet(function offset_in_page(address: number): number {
  return address % SIZE
})
