import { KernelObject } from '../../engine/object'
import type { file } from './file'
import type { mm_struct } from './mm-struct'

export interface vm_operations_struct {
  open?: ((vma: vm_area_struct) => void) | null
  close?: ((vma: vm_area_struct) => void) | null
  /** A page is touched that is not there: map it, or answer VM_FAULT_SIGBUS. */
  fault?: ((vmf: vm_fault) => number) | null
}

/** What a fault handler is told, and the page it may answer with. */
export interface vm_fault {
  vma: vm_area_struct
  /** Start of the page that was touched. */
  address: number
  /** Its number within the file. */
  pgoff: number
  flags: number
  /** A page of kernel memory to map, set by the handler. */
  page: Uint8Array | null
}

/** A stretch of a process's address space. It keeps the file it maps. */
export class vm_area_struct extends KernelObject {
  vm_start = 0
  vm_end = 0
  vm_pgoff = 0
  vm_flags = 0
  vm_file: file | null = null
  /** The address space that it is part of. */
  vm_mm: mm_struct | null = null
  vm_ops: vm_operations_struct | null = null
  vm_private_data: any = null
  /** @internal Its page table: page number within the mapping -> page frame number. */
  readonly $pages = new Map<number, number>()
}

/** The mappings of one thing by whatever processes: files with the same `f_mapping` share it. */
export class address_space extends KernelObject {
  readonly $type = 'address_space'
}
