import { PAGE_SIZE } from '../../base/units'
import { quiet } from '../../kernel/api'
import { ENOMEM } from '../../kernel/errno'
import * as alloc from '../../kernel/mm/page-alloc'
import type { page } from '../../kernel/mm/page'
import { headOf } from '../../kernel/mm/page'
import type { vm_area_struct } from '../../kernel/mm/vma'
import { FAULT } from '../../kernel/mm/fault-codes'

/** Small helpers around pages and mappings. Part of `linux/mm`. */

export const VM_GROWSDOWN = 0x100
export const VM_SEQ_READ = 0x8000
export const VM_RAND_READ = 0x10000
export const VM_LOCKONFAULT = 0x80000
export const VM_HUGETLB = 0x400000
export const VM_SYNC = 0x800000
export const VM_FAULT_NEEDDSYNC = 0x2000
export const VM_FAULT_COMPLETED = 0x4000
export const FAULT_FLAG_INSTRUCTION = 1 << 8
export const FAULT_FLAG_INTERRUPTIBLE = 1 << 9

export const PMD_SHIFT = 21
export const PMD_SIZE: number = 2 ** PMD_SHIFT
export const PUD_SIZE: number = 2 ** 30
export const PAGE_ALIGNED = quiet((addr: number): boolean => addr % PAGE_SIZE === 0)
export const PFN_ALIGN = quiet((addr: number): number => Math.ceil(addr / PAGE_SIZE) * PAGE_SIZE)
/** Addresses carry no tags here. */
export const untagged_addr = quiet((addr: number): number => addr)
/** There is one memory node. */
export const page_to_nid = quiet((_page: page): number => 0)
/** Whether a range lies in a mapping (null: it does not). */
export const range_in_vma = quiet(
  (vma: vm_area_struct | null, start: number, end: number): boolean =>
    vma !== null && vma.vm_start <= start && end <= vma.vm_end,
)
/** What a fault handler answers for -errno. */
export const vmf_error = quiet((err: number): number =>
  err === -ENOMEM ? FAULT.OOM : FAULT.SIGBUS,
)
/** Whether this is the first try of a fault that may be tried again. */
export const fault_flag_allow_retry_first = quiet(
  (flags: number): boolean => (flags & 4) !== 0 && (flags & 0x20) === 0,
)
/** A reference more, unless there is none left. */
export const get_page_unless_zero = quiet((page: page): boolean => {
  if (headOf(page).$refs === 0) return false
  alloc.getPage(page)
  return true
})
