import { KernelObject } from '../../engine/object'
import type { file } from '../fs/file'
import type { address_space } from './address-space'
import type { mm_struct } from './mm-struct'
import type { page } from './page'

/** Bits of `vm_flags`, with the values of include/linux/mm.h. */
export const VM = {
  READ: 0x1,
  WRITE: 0x2,
  EXEC: 0x4,
  SHARED: 0x8,
  MAYREAD: 0x10,
  MAYWRITE: 0x20,
  MAYEXEC: 0x40,
  MAYSHARE: 0x80,
  PFNMAP: 0x400,
  LOCKED: 0x2000,
  IO: 0x4000,
  DONTCOPY: 0x20000,
  DONTEXPAND: 0x40000,
  LOCKONFAULT: 0x80000,
  ACCOUNT: 0x100000,
  NORESERVE: 0x200000,
  WIPEONFORK: 0x2000000,
  DONTDUMP: 0x4000000,
  MIXEDMAP: 0x10000000,
  HUGEPAGE: 0x20000000,
  NOHUGEPAGE: 0x40000000,
} as const

/** What stands for a place in device memory, and what neither grows nor merges. */
export const VM_SPECIAL = VM.IO | VM.DONTEXPAND | VM.PFNMAP | VM.MIXEDMAP

/** What a driver does for a mapping that it has made. */
export interface vm_operations_struct {
  /** A copy of the mapping has been made, by fork or by splitting it. */
  open?: ((vma: vm_area_struct) => void) | null
  /** The mapping is taken away. Once for each. */
  close?: ((vma: vm_area_struct) => void) | null
  /** It is about to be split at an address: 0, or -errno to forbid that. */
  may_split?: ((vma: vm_area_struct, addr: number) => number) | null
  /** It has been moved by mremap: 0 or -errno. */
  mremap?: ((vma: vm_area_struct) => number) | null
  /** Its protection is about to change: 0 or -errno. */
  mprotect?:
    | ((vma: vm_area_struct, start: number, end: number, newflags: number) => number)
    | null
  /** A page is touched that is not there: map it, hand it out in `vmf.page`, or VM_FAULT_SIGBUS. */
  fault?: ((vmf: vm_fault) => number) | null
  /** A page of a shared mapping is about to become writable. */
  page_mkwrite?: ((vmf: vm_fault) => number) | null
  pfn_mkwrite?: ((vmf: vm_fault) => number) | null
  /** Others look at what the mapping shows (ptrace): how many bytes, or -errno. */
  access?:
    | ((vma: vm_area_struct, addr: number, buf: Uint8Array, len: number, write: number) => number)
    | null
  name?: ((vma: vm_area_struct) => string) | null
}

/** What a fault handler is told, and the page it may answer with. */
export interface vm_fault {
  vma: vm_area_struct
  /** Start of the page that was touched. */
  address: number
  /** The very address. */
  real_address: number
  /** Number of the page within the file. */
  pgoff: number
  flags: number
  /** A page to map, set by the handler together with a reference for the mapping. */
  page: page | Uint8Array | null
  /** The page that a private mapping is about to get for itself. */
  cow_page: page | null
}

/** What a mapping of a file has before its driver gives it something better. */
const NO_OPS: vm_operations_struct = Object.freeze({})

/** A stretch of a process's address space. It keeps the file it maps. */
export class vm_area_struct extends KernelObject {
  vm_start = 0
  /** The first address behind it. */
  vm_end = 0
  /** Where it begins in the file, in pages. */
  vm_pgoff = 0
  vm_flags = 0
  vm_page_prot = 0
  vm_file: file | null = null
  /** The address space that it is part of. */
  vm_mm: mm_struct | null = null
  /** Null for anonymous memory only. */
  vm_ops: vm_operations_struct | null = NO_OPS
  vm_private_data: any = null
  /** @internal It may have pages of its own (an `anon_vma`), which a fork must copy. */
  $anon = false

  /** @internal */
  get $label(): string {
    return `${this.vm_start.toString(16)}-${this.vm_end.toString(16)}`
  }

  /** @internal What it shows of other files or devices. */
  get $mapping(): address_space | null {
    return this.vm_file?.f_mapping ?? null
  }
}

/** What a mapping is going to be, for drivers that only say how they want it (`mmap_prepare`). */
export class vm_area_desc extends KernelObject {
  mm: mm_struct | null = null
  start = 0
  end = 0
  pgoff = 0
  vm_file: file | null = null
  vm_flags = 0
  page_prot = 0
  vm_ops: vm_operations_struct | null = NO_OPS
  private_data: any = null
}

/** A private mapping that is or may become writable: its pages are copied when written. */
export const isCow = (flags: number): boolean =>
  (flags & (VM.SHARED | VM.MAYWRITE)) === VM.MAYWRITE

export const isAnonymous = (vma: vm_area_struct): boolean => vma.vm_ops === null

export const isAccessible = (vma: vm_area_struct): boolean =>
  (vma.vm_flags & (VM.READ | VM.WRITE | VM.EXEC)) !== 0
