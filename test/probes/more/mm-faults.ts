import type { file, file_operations } from 'linux/fs'
import { alloc_page, GFP_KERNEL, __GFP_ZERO } from 'linux/gfp'
import { MISC_DYNAMIC_MINOR, misc_register, miscdevice } from 'linux/miscdevice'
import {
  FAULT_FLAG_WRITE, VM_DONTEXPAND, VM_FAULT_NOPAGE, VM_FAULT_SIGBUS, VM_IO, VM_PFNMAP, get_page,
  page_address, page_mapcount, page_to_pfn, unmap_mapping_range, vm_flags_set, vmf_insert_pfn,
  zap_vma_ptes, type page, type vm_area_struct, type vm_fault,
} from 'linux/mm'
import { THIS_MODULE } from 'linux/module'
import { KLAB, KLAB_PROBE } from './klab'

// What a fault handler is asked, what it answers, and how what it gave is taken away again.
let memory: page
let gone = false
let area: vm_area_struct

const counted = {
  fault(vmf: vm_fault): number {
    KLAB('fault', 'counted pgoff=%lu write=%d', vmf.pgoff, vmf.flags & FAULT_FLAG_WRITE ? 1 : 0)
    if (vmf.pgoff > 0) return VM_FAULT_SIGBUS
    get_page(memory)
    vmf.page = memory
    return 0
  },
}
const frames = {
  fault(vmf: vm_fault): number {
    KLAB('fault', 'frame write=%d', vmf.flags & FAULT_FLAG_WRITE ? 1 : 0)
    if (gone) return VM_FAULT_SIGBUS
    const ret = vmf_insert_pfn(vmf.vma, vmf.address, page_to_pfn(memory))
    KLAB('fault', 'nopage=%d', ret === VM_FAULT_NOPAGE ? 1 : 0)
    return ret
  },
}

function mf_mmap(f: file, vma: vm_area_struct): number {
  vma.vm_ops = vma.vm_pgoff < 8 ? counted : frames
  if (vma.vm_pgoff >= 8) {
    area = vma
    vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND)
  }
  return 0
}

function mf_ioctl(f: file, cmd: number, arg: number): number {
  if (cmd === 101) KLAB('page', 'byte=%d maps=%d', page_address(memory)[0], page_mapcount(memory))
  else if (cmd === 102) unmap_mapping_range(f.f_mapping, 0, 0, 1)
  else if (cmd === 103) zap_vma_ptes(area, area.vm_start, 4096)
  else gone = true
  return 0
}

const fo: file_operations = { owner: THIS_MODULE, mmap: mf_mmap, unlocked_ioctl: mf_ioctl }
const md = new miscdevice({ minor: MISC_DYNAMIC_MINOR, name: 'klabdev', fops: fo })
KLAB_PROBE('mm-faults', () => {
  memory = alloc_page(GFP_KERNEL | __GFP_ZERO)!
  KLAB('misc', 'register=%d', misc_register(md))
})
