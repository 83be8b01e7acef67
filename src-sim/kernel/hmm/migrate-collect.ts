import { PAGE_SIZE } from '../../base/units'
import type { Sim } from '../../engine/suspend'
import { mmu_notifier_range, NOTIFY, notifyEnd, notifyStart } from '../mm/notify'
import { getPage, maybePinned, putPage } from '../mm/page-alloc'
import type { page } from '../mm/page'
import { trylockPage, unlockPage } from '../mm/page-lock'
import { isPresent, pageNumber, type Pte } from '../mm/page-table'
import { isDeviceCoherent } from '../mm/pgmap'
import { isAnonymous } from '../mm/vma'
import type { migrate_vma } from './migrate'
import { MIGRATE_PFN, migratePfn, SELECT } from './migrate-pfn'
import { setMigrationEntry } from './migration-entries'

const isOwn = (p: page, migrate: migrate_vma): boolean =>
  p.pgmap?.owner === migrate.pgmap_owner

/** Whether a page is of the kind that the caller wants to move. */
function selected(pte: Pte, migrate: migrate_vma): boolean {
  const p = pte.page!
  const { flags } = migrate
  if (!isPresent(pte))
    return pte.kind === 'device-private' && (flags & SELECT.DEVICE_PRIVATE) !== 0 && isOwn(p, migrate)
  if (p.pgmap === null) return (flags & SELECT.SYSTEM) !== 0
  return !isDeviceCoherent(p) || ((flags & SELECT.DEVICE_COHERENT) !== 0 && isOwn(p, migrate))
}

/** What becomes of a place that shows no page: anonymous memory may be filled. */
const empty = (migrate: migrate_vma): number =>
  isAnonymous(migrate.vma!) ? MIGRATE_PFN.MIGRATE : 0

/** Takes one page away from the process; its answer for the list. */
function collectOne(migrate: migrate_vma, address: number): number {
  const vma = migrate.vma!
  const mm = vma.vm_mm!
  const number = pageNumber(address)
  const pte = mm.$table.get(number)
  if (pte === null) return empty(migrate)
  if (pte.kind === 'zero' && migrate.flags & SELECT.SYSTEM) return MIGRATE_PFN.MIGRATE
  const p = pte.page
  if (p === null || !selected(pte, migrate) || !(p.$isAnon || p.mapping)) return 0
  getPage(p)
  const faulting = p === migrate.fault_page
  if (!faulting && !trylockPage(p)) {
    putPage(p)
    return 0
  }
  if (p.$isAnon && p.$exclusive && maybePinned(p)) {
    if (!faulting) unlockPage(p)
    putPage(p)
    return 0
  }
  const write = pte.write ? MIGRATE_PFN.WRITE : 0
  setMigrationEntry(mm, vma, number, pte)
  return migratePfn(p.$pfn) + MIGRATE_PFN.MIGRATE + write
}

/** Makes the list of what can move, bracketed by MIGRATE with the owner. */
export function* collect(migrate: migrate_vma): Sim {
  const { start, end, pgmap_owner: owner } = migrate
  const range = new mmu_notifier_range(
    migrate.vma!.vm_mm!, NOTIFY.MIGRATE, start, end, undefined, owner,
  )
  yield* notifyStart(range)
  for (let at = start; at < end; at += PAGE_SIZE) {
    const mpfn = collectOne(migrate, at)
    if (mpfn & MIGRATE_PFN.MIGRATE) migrate.cpages++
    migrate.dst[migrate.npages] = 0
    migrate.src[migrate.npages++] = mpfn
  }
  yield* notifyEnd(range)
}
