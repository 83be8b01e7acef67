import { PAGE_SIZE } from '../../base/units'
import { currentTask } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import type { Sim } from '../../engine/suspend'
import { EFAULT, EINTR, EINVAL, EHWPOISON, ENOMEM } from '../errno'
import { preemptDisable, preemptEnable } from '../sched/schedule'
import { fatalSignalPending } from '../sched/signal'
import { FAULT, FAULT_ERROR, FAULT_FLAG } from './fault-codes'
import { handleFault } from './fault'
import { mmapLock, type mm_struct } from './mm-struct'
import { isPresent, pageNumber } from './page-table'
import { isAccessible, VM, type vm_area_struct } from './vma'
import { vmaAt } from './vma-list'

/** What `follow_pfnmap_start` is asked and answers. */
export class follow_pfnmap_args extends KernelObject {
  vma: vm_area_struct | null = null
  address = 0
  /** The frame behind the address. */
  pfn = 0
  /** Address bits inside of the entry. */
  addr_mask = 0
  pgprot = 0
  writable = false
  /** It is none of the pages that are counted. */
  special = false

  constructor(init: { vma?: vm_area_struct; address?: number } = {}) {
    super()
    this.vma = init.vma ?? null
    this.address = init.address ?? 0
  }
}

/**
 * Looks up the frame behind an address of a mapping of frames (MM-14). 0: what it answers holds
 * until `followEnd`, with preemption off meanwhile. -EINVAL when nothing is there: it never faults.
 */
export function followStart(args: follow_pfnmap_args): number {
  const vma = args.vma!
  const { address } = args
  if (address < vma.vm_start || address >= vma.vm_end) return -EINVAL
  if (!(vma.vm_flags & (VM.IO | VM.PFNMAP))) return -EINVAL
  const pte = vma.vm_mm!.$table.get(pageNumber(address))
  if (pte === null || !isPresent(pte)) return -EINVAL
  preemptDisable()
  args.pfn = pte.pfn
  args.addr_mask = PAGE_SIZE - 1
  args.pgprot = vma.vm_page_prot
  args.writable = pte.write
  args.special = pte.kind === 'special'
  return 0
}

export function followEnd(_args: follow_pfnmap_args): void {
  preemptEnable()
}

/**
 * Faults a page in as its program would, with the lock held for reading. 0, or -errno; `unlocked`
 * tells that the lock was given up and taken again on the way.
 */
export function* fixupUserFault(
  mm: mm_struct, address: number, flags: number, unlocked: { value: unknown } | null,
): Sim<number> {
  for (;;) {
    const vma = vmaAt(mm, address)
    if (vma === null) return -EFAULT
    const write = (flags & FAULT_FLAG.WRITE) !== 0
    if (write ? !(vma.vm_flags & VM.WRITE) : !isAccessible(vma)) return -EFAULT
    const task = currentTask()
    if (task && fatalSignalPending(task)) return -EINTR
    const how = flags | (unlocked ? FAULT_FLAG.ALLOW_RETRY | FAULT_FLAG.KILLABLE : 0)
    const ret = yield* handleFault(vma, address, how)
    if (ret & FAULT.OOM) return -ENOMEM
    if (ret & FAULT.HWPOISON) return -EHWPOISON
    if (ret & FAULT_ERROR) return -EFAULT
    if (!(ret & FAULT.RETRY)) return 0
    if (unlocked) unlocked.value = true
    yield* mmapLock(mm, false)
  }
}
