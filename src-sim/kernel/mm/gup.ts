import { PAGE_SIZE } from '../../base/units'
import { currentTask } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import {
  EBUSY, EEXIST, EFAULT, EHWPOISON, EINTR, EMLINK, ENOMEM, EREMOTEIO,
} from '../errno'
import { fatalSignalPending } from '../sched/signal'
import { FAULT, FAULT_ERROR, FAULT_FLAG } from './fault-codes'
import { handleFault } from './fault'
import { FOLL, type PageArray } from './gup-flags'
import { wantsNotice } from './map-pages'
import { mmapLock, type mm_struct } from './mm-struct'
import { pfnToPage, type page } from './page'
import { getPage, pinPage, putPage, unpinPage } from './page-alloc'
import { isPresent, pageNumber, type Pte } from './page-table'
import { isDeviceCoherent, isPciP2pdma } from './pgmap'
import { isAnonymous, isCow, VM, type vm_area_struct } from './vma'
import { vmaAt } from './vma-list'

/** Getting hold of the pages behind the addresses of a program. */

/** Whether a mapping may be looked through at all: 0 or -EFAULT. */
export function checkVma(vma: vm_area_struct, flags: number): number {
  const { vm_flags: has } = vma
  if (has & (VM.IO | VM.PFNMAP)) return -EFAULT
  if (flags & FOLL.WRITE) {
    const tracked = !isAnonymous(vma) && has & VM.SHARED && wantsNotice(vma)
    if (tracked && flags & FOLL.LONGTERM) return -EFAULT
    if (has & VM.WRITE) return 0
    return flags & FOLL.FORCE && isCow(has) ? 0 : -EFAULT
  }
  if (has & VM.READ) return 0
  return flags & FOLL.FORCE && has & VM.MAYREAD ? 0 : -EFAULT
}

/** A pin for reading must not be left behind by the next copy on write. */
export function mustUnshare(vma: vm_area_struct | null, flags: number, p: page): boolean {
  if ((flags & (FOLL.WRITE | FOLL.PIN)) !== FOLL.PIN) return false
  if (p.$isAnon) return !p.$exclusive
  if (!(flags & FOLL.LONGTERM)) return false
  return vma === null || isCow(vma.vm_flags)
}

/** Whether a write may go through an entry: FORCE also writes to private copies. */
function mayWrite(pte: Pte, vma: vm_area_struct, flags: number): boolean {
  if (pte.write) return true
  if (!(flags & FOLL.FORCE) || vma.vm_flags & (VM.SHARED | VM.WRITE)) return false
  return pte.page !== null && pte.page.$isAnon && pte.page.$exclusive && pte.dirty
}

/** Takes the reference or the pin that was asked for: 0 or -errno. */
export function grab(p: page, pte: Pte, flags: number): number {
  if (!(flags & FOLL.PCI_P2PDMA) && isPciP2pdma(p)) return -EREMOTEIO
  if (flags & FOLL.GET) getPage(p)
  else if (flags & FOLL.PIN) pinPage(p)
  pte.young = true
  if (flags & FOLL.WRITE) pte.dirty = true
  return 0
}

export function release(p: page, flags: number): void {
  if (flags & FOLL.GET) putPage(p)
  else if (flags & FOLL.PIN) unpinPage(p)
}

/** The page behind an entry, held; null when a fault has to be taken first; or -errno. */
function follow(vma: vm_area_struct, address: number, flags: number): page | number | null {
  const pte = vma.vm_mm!.$table.get(pageNumber(address))
  if (pte === null || !isPresent(pte)) return null
  if (!pte.read && !(flags & FOLL.FORCE)) return null
  if (pte.kind === 'special') return flags & FOLL.DUMP ? -EFAULT : -EEXIST
  if (flags & FOLL.WRITE && !mayWrite(pte, vma, flags)) return null
  const p = pte.page ?? pfnToPage(pte.pfn)
  if (!pte.write && mustUnshare(vma, flags, p)) return -EMLINK
  return grab(p, pte, flags) || p
}

function errnoOf(fault: number, flags: number): number {
  if (fault & FAULT.OOM) return -ENOMEM
  if (fault & FAULT.HWPOISON) return flags & FOLL.HWPOISON ? -EHWPOISON : -EFAULT
  return -EFAULT
}

/** 0, -errno, or -EBUSY when the handler has let go of the lock. */
function* faultIn(
  vma: vm_area_struct, address: number, flags: number, unshare: boolean,
): Sim<number> {
  if (flags & FOLL.NOFAULT) return -EFAULT
  let how = flags & FOLL.REMOTE ? FAULT_FLAG.REMOTE : 0
  if (flags & FOLL.WRITE) how |= FAULT_FLAG.WRITE
  if (unshare) how |= FAULT_FLAG.UNSHARE
  if (flags & FOLL.UNLOCKABLE) how |= FAULT_FLAG.ALLOW_RETRY
  const ret = yield* handleFault(vma, address, how)
  if (ret & FAULT_ERROR) return errnoOf(ret, flags)
  return ret & FAULT.RETRY ? -EBUSY : 0
}

/** Whether the caller's lock is still held, as some callers want to know. */
export interface LockState {
  locked: boolean
}

/**
 * The pages from `start` on, each held as the flags say, with the lock of the address space held.
 * How many, or -errno when there is not even one.
 */
export function* getPages(
  mm: mm_struct, start: number, count: number, flags: number, pages: PageArray, lock?: LockState,
): Sim<number> {
  if (count === 0) return 0
  if (flags & FOLL.PIN) mm.$hasPinned = true
  let done = 0
  let unshare = false
  let vma: vm_area_struct | null = null
  while (done < count) {
    const address = start - (start % PAGE_SIZE) + done * PAGE_SIZE
    if (vma === null || address >= vma.vm_end) {
      vma = vmaAt(mm, address)
      const error = vma === null ? -EFAULT : checkVma(vma, flags)
      if (error) return done || error
    }
    const task = currentTask()
    if (task && fatalSignalPending(task)) return done || -EINTR
    const found = follow(vma!, address, flags)
    if (found === null || found === -EMLINK) {
      unshare = found === -EMLINK
      const error = yield* faultIn(vma!, address, flags, unshare)
      if (error === -EBUSY) {
        // The handler wants another try, and has released the lock.
        vma = null
        if (lock) lock.locked = false
        yield* mmapLock(mm, false)
      } else if (error) return done || error
      continue
    }
    if (typeof found === 'number') return done || found
    if (pages !== null) pages[done] = found
    done++
  }
  return done
}

/**
 * The same, and for pins that are to last: none may be in memory that has to stay free to move.
 */
export function* getPagesLongterm(
  mm: mm_struct, start: number, count: number, flags: number, pages: PageArray, lock?: LockState,
): Sim<number> {
  const got = yield* getPages(mm, start, count, flags, pages, lock)
  if (!(flags & FOLL.LONGTERM) || got <= 0 || pages === null) return got
  const held = pages.slice(0, got) as page[]
  if (!held.some(isDeviceCoherent)) return got
  for (const p of held) release(p, flags)
  return -EBUSY
}
