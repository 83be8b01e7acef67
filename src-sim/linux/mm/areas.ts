import { PAGE_SIZE as SIZE } from '../../base/units'
import { kernelCall, quiet } from '../../kernel/api'
import { assertLocked } from '../../kernel/mm/mmap-assert'
import { accountLockedVm, accountPages } from '../../kernel/mm/mlock'
import type { mm_struct } from '../../kernel/mm/mm-struct'
import { TASK_SIZE as TOP } from '../../kernel/mm/user-access'
import { isAccessible, isAnonymous, VM, type vm_area_struct } from '../../kernel/mm/vma'
import * as list from '../../kernel/mm/vma-list'
import { PROTECT } from './fault'

/** Mappings of an address space and their flags. Part of `linux/mm`. */

export const PAGE_SHIFT = 12
export const PAGE_SIZE: number = SIZE
export const PAGE_MASK = -SIZE
export const TASK_SIZE: number = TOP
export const TASK_SIZE_MAX: number = TOP
export const VM_NONE = 0
export const VM_READ = VM.READ
export const VM_WRITE = VM.WRITE
export const VM_EXEC = VM.EXEC
export const VM_SHARED = VM.SHARED
export const VM_MAYREAD = VM.MAYREAD
export const VM_MAYWRITE = VM.MAYWRITE
export const VM_MAYEXEC = VM.MAYEXEC
export const VM_MAYSHARE = VM.MAYSHARE
/** Frames that are not counted stand behind it. */
export const VM_PFNMAP = VM.PFNMAP
export const VM_LOCKED = VM.LOCKED
/** Device memory. */
export const VM_IO = VM.IO
/** A child of a fork does not get it. */
export const VM_DONTCOPY = VM.DONTCOPY
/** It can not be made larger. */
export const VM_DONTEXPAND = VM.DONTEXPAND
export const VM_ACCOUNT = VM.ACCOUNT
export const VM_NORESERVE = VM.NORESERVE
export const VM_WIPEONFORK = VM.WIPEONFORK
export const VM_DONTDUMP = VM.DONTDUMP
/** Counted pages and bare frames may both stand behind it. */
export const VM_MIXEDMAP = VM.MIXEDMAP
export const VM_ACCESS_FLAGS = VM.READ | VM.WRITE | VM.EXEC

/** Adds flags to a mapping; its lock must be held for writing unless nobody can see it yet. */
export const vm_flags_set = quiet((vma: vm_area_struct, flags: number): void => {
  vma.vm_flags |= flags
})
export const vm_flags_clear = quiet((vma: vm_area_struct, flags: number): void => {
  vma.vm_flags &= ~flags
})
/** Sets some flags and clears others in one go. */
export const vm_flags_mod = quiet((vma: vm_area_struct, set: number, clear: number): void => {
  vma.vm_flags = (vma.vm_flags | set) & ~clear
})
export const vm_flags_init = quiet((vma: vm_area_struct, flags: number): void => {
  vma.vm_flags = flags
})
export const vm_flags_reset = vm_flags_init

/** The first mapping that ends behind an address; null when there is none. Lock held. */
export function find_vma(mm: mm_struct, addr: number): vm_area_struct | null {
  assertLocked(mm, 'find_vma')
  return list.findVma(mm, addr)
}
/** The mapping that an address lies in. Lock held. */
export function vma_lookup(mm: mm_struct, addr: number): vm_area_struct | null {
  return list.vmaAt(mm, addr)
}
/** The first mapping that has a part of [start, end). Lock held. */
export function find_vma_intersection(
  mm: mm_struct, start: number, end: number,
): vm_area_struct | null {
  assertLocked(mm, 'find_vma_intersection')
  return list.vmasIn(mm, start, end)[0] ?? null
}
/** The mapping that begins exactly at one address and ends at another. */
export function find_exact_vma(mm: mm_struct, start: number, end: number): vm_area_struct | null {
  const vma = list.vmaAt(mm, start)
  return vma?.vm_start === start && vma.vm_end === end ? vma : null
}
/** Every mapping: `for (const vma of for_each_vma(mm))`. Lock held. */
export const for_each_vma = quiet((mm: mm_struct): vm_area_struct[] => [...mm.$vmas])

/** How many pages a mapping has. */
export const vma_pages = quiet((vma: vm_area_struct): number => list.pagesIn(vma))
export const vma_is_anonymous = quiet(isAnonymous)
export const vma_is_accessible = quiet(isAccessible)
export const vma_is_shared_maywrite = quiet(
  (vma: vm_area_struct): boolean =>
    (vma.vm_flags & (VM.SHARED | VM.MAYWRITE)) === (VM.SHARED | VM.MAYWRITE),
)

/** What device registers are mapped with: nothing is cached. */
export const pgprot_noncached = quiet((prot: number): number => prot | PROTECT.UNCACHED)
export const pgprot_writecombine = quiet((prot: number): number => prot | PROTECT.WRITE_COMBINE)
export const pgprot_decrypted = quiet((prot: number): number => prot)
export const vm_get_page_prot = quiet(
  (flags: number): number => flags & (VM.READ | VM.WRITE | VM.EXEC | VM.SHARED),
)

/** Counts pages that stay in memory for a program, or no longer do: 0 or -ENOMEM. May sleep. */
export const account_locked_vm = kernelCall('account_locked_vm', accountLockedVm)
/** The same with the lock held for writing; `bypass_rlim` ignores RLIMIT_MEMLOCK. */
export function __account_locked_vm(
  mm: mm_struct, pages: number, inc: boolean, _task: object, bypass_rlim: boolean,
): number {
  return accountPages(mm, pages, inc, bypass_rlim)
}

export const offset_in_page = quiet(function offset_in_page(address: number): number {
  return address % SIZE
})
export const PAGE_ALIGN = quiet((address: number): number => Math.ceil(address / SIZE) * SIZE)
export const PAGE_ALIGN_DOWN = quiet((address: number): number => address - (address % SIZE))
export const PFN_DOWN = quiet((address: number): number => Math.floor(address / SIZE))
export const PFN_UP = quiet((address: number): number => Math.ceil(address / SIZE))
export const PFN_PHYS = quiet((pfn: number): number => pfn * SIZE)
export const PHYS_PFN = quiet((phys: number): number => Math.floor(phys / SIZE))
