import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import { FAULT } from '../mm/fault-codes'
import { insertFrame, remapFrames } from '../mm/map-pages'
import type { vm_area_struct, vm_fault, vm_operations_struct } from '../mm/vma'
import { zeroPage } from '../mm/page'
import { physicalMemory } from '../mm/physical'
import type { ib_uverbs_file } from './file'

const VM_WRITE = 2

/**
 * After disassociation a program that knows nothing of it must not die: writable mappings get a
 * page of their file's own, whose contents lead nowhere, read-only ones a page of zeros (DM-82).
 */
const umapOps: vm_operations_struct = {
  fault(vmf: vm_fault): number {
    const ufile = vmf.vma.vm_private_data as ib_uverbs_file | null
    if (!ufile) return FAULT.SIGBUS
    const m = machine()
    if (!(vmf.vma.vm_flags & VM_WRITE))
      return insertFrame(vmf.vma, vmf.address, zeroPage().$pfn)
    ufile.$dummyPage ??= physicalMemory(m).allocPages(1)
    if (ufile.$dummyPage === null) return FAULT.SIGBUS
    return insertFrame(vmf.vma, vmf.address, ufile.$dummyPage / PAGE_SIZE)
  },
  close(vma: vm_area_struct): void {
    const ufile = vma.vm_private_data as ib_uverbs_file | null
    const at = ufile?.$umaps.indexOf(vma) ?? -1
    if (at >= 0) ufile!.$umaps.splice(at, 1)
  },
}

/** Before the driver's own `mmap`: a driver may leave these operations alone. */
export function prepareUmap(vma: vm_area_struct): void {
  vma.vm_ops = umapOps
}

/** Device memory for a program, known to the core so that it can be taken away. 0 or -errno. */
export function mapIo(
  ufile: ib_uverbs_file,
  vma: vm_area_struct,
  pfn: number,
  size: number,
): number {
  const error = remapFrames(vma, vma.vm_start, pfn, size)
  if (error) return error
  vma.vm_private_data = ufile
  ufile.$umaps.push(vma)
  return 0
}
