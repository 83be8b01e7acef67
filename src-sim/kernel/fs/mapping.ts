import { KernelObject } from '../../engine/object'
import type { file } from './file'

export interface vm_operations_struct {
  open?: ((vma: vm_area_struct) => void) | null
  close?: ((vma: vm_area_struct) => void) | null
  fault?:
    ((vmf: { vma: vm_area_struct; address: number; pgoff: number; page: unknown }) => number) | null
}

/** A stretch of a process's address space. It keeps the file it maps. */
export class vm_area_struct extends KernelObject {
  vm_start = 0
  vm_end = 0
  vm_pgoff = 0
  vm_flags = 0
  vm_file: file | null = null
  vm_ops: vm_operations_struct | null = null
  vm_private_data: any = null
  /** @internal The kernel memory that `remap_pfn_range` and its kin have put behind it. */
  $bytes: Uint8Array | null = null
}
