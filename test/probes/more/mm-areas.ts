import type { file, file_operations } from 'linux/fs'
import { MISC_DYNAMIC_MINOR, misc_register, miscdevice } from 'linux/miscdevice'
import {
  VM_DONTCOPY, VM_DONTEXPAND, VM_IO, VM_PFNMAP, VM_SHARED, VM_WRITE, find_vma,
  find_vma_intersection, vm_flags_set, vma_lookup, vma_pages,
  type vm_area_struct, type vm_operations_struct,
} from 'linux/mm'
import { mmap_read_lock, mmap_read_unlock } from 'linux/mmap_lock'
import { THIS_MODULE } from 'linux/module'
import { current } from 'linux/sched'
import { KLAB, KLAB_PROBE } from './klab'

// Mappings of a device: what opens and closes them, and what cannot be done to them.
let opens = 0
let closes = 0

const ops: vm_operations_struct = {
  open(vma: vm_area_struct) {
    opens++
    KLAB('open', 'pages=%lu pgoff=%lu', vma_pages(vma), vma.vm_pgoff)
  },
  close(vma: vm_area_struct) {
    closes++
    KLAB('close', 'pages=%lu pgoff=%lu', vma_pages(vma), vma.vm_pgoff)
  },
  may_split(vma: vm_area_struct, addr: number): number {
    return vma.vm_pgoff === 100 ? -22 : 0
  },
}

function ma_mmap(f: file, vma: vm_area_struct): number {
  KLAB('mmap', 'pages=%lu pgoff=%lu shared=%d write=%d', vma_pages(vma), vma.vm_pgoff,
    vma.vm_flags & VM_SHARED ? 1 : 0, vma.vm_flags & VM_WRITE ? 1 : 0)
  if (vma.vm_pgoff === 200) return -19
  vma.vm_ops = ops
  if (vma.vm_pgoff === 300) vm_flags_set(vma, VM_DONTCOPY)
  return 0
}

function ma_ioctl(f: file, cmd: number, addr: number): number {
  const mm = current.mm!
  mmap_read_lock(mm)
  const found = find_vma(mm, addr)
  const at = vma_lookup(mm, addr)
  KLAB('find', 'lookup=%d find=%d between=%d', at ? 1 : 0, found && found.vm_start <= addr ? 1 : 0,
    find_vma_intersection(mm, addr, addr + 1) ? 1 : 0)
  mmap_read_unlock(mm)
  KLAB('counts', 'opens=%d closes=%d', opens, closes)
  return 0
}

function ma_release(): number {
  KLAB('file', 'release=1 opens=%d closes=%d', opens, closes)
  return 0
}

const fo: file_operations = {
  owner: THIS_MODULE, mmap: ma_mmap, unlocked_ioctl: ma_ioctl, release: ma_release,
}
const md = new miscdevice({ minor: MISC_DYNAMIC_MINOR, name: 'klabdev', fops: fo })
KLAB_PROBE('mm-areas', () => {
  KLAB('misc', 'register=%d', misc_register(md))
  KLAB('flags', 'io=0x%x pfnmap=0x%x dontexpand=0x%x', VM_IO, VM_PFNMAP, VM_DONTEXPAND)
})
