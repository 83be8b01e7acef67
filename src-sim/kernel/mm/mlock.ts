import { PAGE_SIZE } from '../../base/units'
import { service } from '../../engine/service'
import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { EINVAL, ENOMEM } from '../errno'
import { FAULT_FLAG } from './fault-codes'
import { mmapLock, mmapUnlock, type mm_struct } from './mm-struct'
import { takeFault } from './user-access'
import { isAccessible, VM, type vm_area_struct } from './vma'
import { detachVma, findVma, insertVma, mergeAround, pagesIn, splitEdges, vmasIn } from './vma-list'
import { removeVma } from './unmap'

/** How many pages a process may keep in memory: RLIMIT_MEMLOCK, and whether it may ignore that. */
class MemlockLimit {
  pages = 8 * 1024 * 1024 / PAGE_SIZE
  /** CAP_IPC_LOCK: programs run as root unless a lab says otherwise. */
  capable = true
}
export const memlockLimit = service(() => new MemlockLimit())

/** Whether so many more pages may be locked. */
export function memlockAllows(mm: mm_struct, pages: number): boolean {
  const limit = memlockLimit(machine())
  return limit.capable || mm.locked_vm + pages <= limit.pages
}

/**
 * `account_locked_vm`: counts pages that a driver keeps in memory for a program. 0 or -ENOMEM.
 * With the lock held for writing when asked to take none.
 */
export function accountPages(
  mm: mm_struct, pages: number, add: boolean, bypassLimit: boolean,
): number {
  if (!add) {
    mm.locked_vm -= Math.min(pages, mm.locked_vm)
    return 0
  }
  if (!bypassLimit && mm.locked_vm + pages > memlockLimit(machine()).pages) return -ENOMEM
  mm.locked_vm += pages
  return 0
}

export function* accountLockedVm(mm: mm_struct, pages: number, add: boolean): Sim<number> {
  if (pages === 0) return 0
  yield* mmapLock(mm, true)
  const ret = accountPages(mm, pages, add, memlockLimit(machine()).capable)
  mmapUnlock(mm, true)
  return ret
}

/** Makes all pages of a range present, as far as that is possible. */
export function* populate(
  mm: mm_struct, start: number, end: number, asked: boolean | null = null,
): Sim {
  for (let at = start; at < end; at += PAGE_SIZE) {
    const vma = findVma(mm, at)
    if (vma === null || vma.vm_start > at) continue
    if (vma.vm_flags & (VM.IO | VM.PFNMAP) || !isAccessible(vma)) continue
    const write = asked ?? (vma.vm_flags & (VM.WRITE | VM.SHARED)) === VM.WRITE
    yield* takeFault(mm, at, write ? FAULT_FLAG.WRITE : 0)
  }
}

function setLocked(mm: mm_struct, vma: vm_area_struct, locked: number): void {
  detachVma(mm, vma)
  vma.vm_flags = (vma.vm_flags & ~(VM.LOCKED | VM.LOCKONFAULT)) | locked
  insertVma(mm, vma)
}

/** `mlock` and `munlock`: 0 or -errno. */
export function* lockMemory(
  mm: mm_struct, address: number, length: number, locked: number,
): Sim<number> {
  const start = address - (address % PAGE_SIZE)
  const end = Math.ceil((address + length) / PAGE_SIZE) * PAGE_SIZE
  if (end < start) return -EINVAL
  if (end === start) return 0
  const pages = (end - start) / PAGE_SIZE
  yield* mmapLock(mm, true)
  let error = locked && !memlockAllows(mm, pages) ? -ENOMEM : 0
  if (!error) error = yield* splitEdges(mm, start, end)
  if (!error) {
    const vmas = vmasIn(mm, start, end)
    const covered = vmas.reduce((sum, vma) => sum + pagesIn(vma), 0)
    for (const vma of vmas) if (!(vma.vm_flags & (VM.IO | VM.PFNMAP))) setLocked(mm, vma, locked)
    for (const gone of mergeAround(mm, start, end)) yield* removeVma(gone)
    if (covered < pages) error = -ENOMEM
  }
  mmapUnlock(mm, true)
  if (!error && locked && !(locked & VM.LOCKONFAULT)) yield* populate(mm, start, end)
  return error
}
