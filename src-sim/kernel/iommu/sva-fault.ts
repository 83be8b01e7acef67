import type { Sim } from '../../engine/suspend'
import { EBUSY } from '../errno'
import { handleFault } from '../mm/fault'
import { FAULT_ERROR, FAULT_FLAG } from '../mm/fault-codes'
import { mmapLock, mmapUnlock, mmGetNotZero, mmPut, type mm_struct } from '../mm/mm-struct'
import { VM } from '../mm/vma'
import { vmaAt } from '../mm/vma-list'
import { initWork, queueWorkOn } from '../workqueue/queue'
import type { work_func_t, work_struct } from '../workqueue/structs'
import {
  IOMMU_FAULT_PAGE_REQUEST_PASID_VALID, IOMMU_FAULT_PERM_EXEC, IOMMU_FAULT_PERM_PRIV,
  IOMMU_FAULT_PERM_READ, IOMMU_FAULT_PERM_WRITE, IOMMU_PAGE_RESP_INVALID, IOMMU_PAGE_RESP_SUCCESS,
  type iommu_fault, type iopf_group,
} from './iopf'
import { freeGroup, respondGroup } from './iopf-report'

/** Page requests of devices that use the addresses of a process. */

/** The handler of such domains: the work is done where it may sleep. */
export function answerFromProcess(group: iopf_group): number {
  initWork(group.work, handleGroup as unknown as work_func_t)
  return queueWorkOn(null, group.fault_param!.queue.wq, group.work) ? 0 : -EBUSY
}

/** The first error is the answer for all of the group (SVA-12). */
function* handleGroup(work: work_struct): Sim {
  const group = work.$parent as iopf_group
  const mm = group.attach_handle!.domain!.mm as mm_struct
  let status = IOMMU_PAGE_RESP_SUCCESS
  for (const { fault } of group.faults) {
    status = yield* handleOne(fault, mm)
    if (status !== IOMMU_PAGE_RESP_SUCCESS) break
  }
  yield* respondGroup(group, status)
  freeGroup(group)
}

/** As a fault of a thread of the process, but nothing grows for it. */
function* handleOne({ prm }: iommu_fault, mm: mm_struct): Sim<number> {
  if (!(prm.flags & IOMMU_FAULT_PAGE_REQUEST_PASID_VALID)) return IOMMU_PAGE_RESP_INVALID
  if (!mmGetNotZero(mm)) return IOMMU_PAGE_RESP_INVALID
  yield* mmapLock(mm, false)
  const status = yield* faultIn(mm, prm.addr, prm.perm)
  mmapUnlock(mm, false)
  yield* mmPut(mm)
  return status
}

function* faultIn(mm: mm_struct, address: number, perm: number): Sim<number> {
  const vma = vmaAt(mm, address)
  if (!vma) return IOMMU_PAGE_RESP_INVALID
  let needed = 0
  let flags = perm & IOMMU_FAULT_PERM_PRIV ? 0 : FAULT_FLAG.USER
  if (perm & IOMMU_FAULT_PERM_READ) needed |= VM.READ
  if (perm & IOMMU_FAULT_PERM_WRITE) {
    needed |= VM.WRITE
    flags |= FAULT_FLAG.WRITE
  }
  if (perm & IOMMU_FAULT_PERM_EXEC) needed |= VM.EXEC
  if (needed & ~vma.vm_flags) return IOMMU_PAGE_RESP_INVALID
  const ret = yield* handleFault(vma, address, flags)
  return ret & FAULT_ERROR ? IOMMU_PAGE_RESP_INVALID : IOMMU_PAGE_RESP_SUCCESS
}
