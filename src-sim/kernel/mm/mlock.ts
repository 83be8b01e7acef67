import { PAGE_SIZE } from '../../base/units'
import { currentProcessOrNull, type Process } from '../fs/process'
import { warn } from '../printk/warn'
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

/** How many pages a process may keep in memory (RLIMIT_MEMLOCK), and whether it may ignore that. */
export class MemlockLimit {
  pages = (8 * 1024 * 1024) / PAGE_SIZE
  /** CAP_IPC_LOCK: programs run as root unless they say otherwise. */
  capable = true
}

const UNLIMITED = new MemlockLimit()
const limits = service(() => new Map<Process, MemlockLimit>())

export function limitOf(p: Process): MemlockLimit {
  const all = limits(machine())
  let limit = all.get(p)
  if (!limit) all.set(p, (limit = new MemlockLimit()))
  return limit
}

/** A child has the limits of its parent. */
export function inheritLimit(parent: Process, child: Process): void {
  Object.assign(limitOf(child), limitOf(parent))
}

/** The limit of the running process; kernel threads have none. */
export const memlockLimit = (_machine = machine()): MemlockLimit => {
  const p = currentProcessOrNull()
  return p === null ? UNLIMITED : limitOf(p)
}

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
    if (pages > mm.locked_vm)
      warn(machine(), 'locked-vm', 'mm/util.c at __account_locked_vm', null, { rules: ['MM-12'] })
    mm.locked_vm -= Math.min(pages, mm.locked_vm)
    return 0
  }
  if (!bypassLimit && mm.locked_vm + pages > memlockLimit(machine()).pages) return -ENOMEM
  mm.locked_vm += pages
  return 0
}

export function* accountLockedVm(
  mm: mm_struct | null, pages: number, add: boolean,
): Sim<number> {
  if (pages === 0 || mm === null) return 0
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
