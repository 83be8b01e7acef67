import { PAGE_SIZE } from '../../base/units'
import type { Sim } from '../../engine/suspend'
import { EFAULT, EOVERFLOW } from '../errno'
import { grab, getPagesLongterm, mustUnshare } from './gup'
import { FOLL, type PageArray } from './gup-flags'
import { mmapLockKillable, mmapUnlock, type mm_struct } from './mm-struct'
import { pfnToPage } from './page'
import { lookUp, TASK_SIZE } from './user-access'

/** As many pages as are there already, without any lock. */
export function getPresent(
  mm: mm_struct, start: number, count: number, flags: number, pages: PageArray,
): number {
  for (let i = 0; i < count; i++) {
    const pte = lookUp(mm, start + i * PAGE_SIZE, (flags & FOLL.WRITE) !== 0)
    if (pte === null || pte.kind === 'special') return i
    const p = pte.page ?? pfnToPage(pte.pfn)
    if (!pte.write && mustUnshare(null, flags, p)) return i
    if (flags & FOLL.LONGTERM && p.pgmap !== null) return i
    if (grab(p, pte, flags)) return i
    if (pages !== null) pages[i] = p
  }
  return count
}

/** What is there is taken at once; for the rest the lock is taken and faults happen. */
export function* getPagesFast(
  mm: mm_struct, address: number, count: number, flags: number, pages: PageArray,
): Sim<number> {
  const start = address - (address % PAGE_SIZE)
  const end = start + count * PAGE_SIZE
  if (end >= 2 ** 64) return -EOVERFLOW
  if (end > TASK_SIZE) return -EFAULT
  if (flags & FOLL.PIN) mm.$hasPinned = true
  const there = getPresent(mm, start, count, flags, pages)
  if (there === count || flags & FOLL.FAST_ONLY) return there
  const rest: unknown[] = []
  const error = yield* mmapLockKillable(mm, false)
  if (error) return there || error
  const from = start + there * PAGE_SIZE
  const got = yield* getPagesLongterm(mm, from, count - there, flags | FOLL.UNLOCKABLE, rest)
  mmapUnlock(mm, false)
  if (pages !== null) rest.forEach((p, i) => (pages[there + i] = p))
  return got < 0 ? there || got : there + got
}
