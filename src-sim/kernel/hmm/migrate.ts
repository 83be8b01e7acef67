import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { point, type Sim } from '../../engine/suspend'
import { EINVAL } from '../errno'
import { setAnonPte } from '../mm/map-pages'
import { mmu_notifier_range, NOTIFY, notifyEnd, notifyStart } from '../mm/notify'
import { getPage, putPage } from '../mm/page-alloc'
import type { page } from '../mm/page'
import { isLocked, trylockPage, unlockPage } from '../mm/page-lock'
import { pageNumber } from '../mm/page-table'
import { isDeviceCoherent, isDevicePrivate } from '../mm/pgmap'
import { isAnonymous, VM, VM_SPECIAL, type vm_area_struct } from '../mm/vma'
import { hmmHooks } from './hooks'
import { collect } from './migrate-collect'
import { hasFlag, MIGRATE_PFN, migratePfn, pageOfMigratePfn, withoutFlag } from './migrate-pfn'
import { removeMigrationEntries, unmapOthers } from './migration-entries'

/** Entries by index, as a driver keeps them. */
export interface MigrateList {
  [index: number]: number
}

/** Moving the pages of a part of a mapping: what is asked, and what came of it. */
export class migrate_vma extends KernelObject {
  vma: vm_area_struct | null = null
  /** Where the pages go; filled in by the driver. */
  dst: MigrateList = []
  /** What there is to move. */
  src: MigrateList = []
  /** How many of them can be moved, and how many there are. */
  cpages = 0
  npages = 0
  start = 0
  end = 0
  pgmap_owner: unknown = null
  flags = 0
  /** The page of the fault that is being handled: the caller has its lock and a reference. */
  fault_page: page | null = null
}

const drop = (list: MigrateList, i: number): void => {
  list[i] = withoutFlag(list[i]!, MIGRATE_PFN.MIGRATE)
}

const within = (address: number, vma: vm_area_struct): boolean =>
  address >= vma.vm_start && address < vma.vm_end

function valid(args: migrate_vma): boolean {
  const { vma, start, end, fault_page: fault } = args
  if (!vma || vma.vm_flags & VM_SPECIAL) return false
  if (end <= start || !within(start, vma) || end > vma.vm_end) return false
  return !fault || (isDevicePrivate(fault) && isLocked(fault))
}

/**
 * Takes the pages of a range away from their process, so that nobody changes them: 0 or -EINVAL.
 * `src` then says which ones can move.
 */
export function* migrateSetup(args: migrate_vma): Sim<number> {
  args.start -= args.start % PAGE_SIZE
  args.end -= args.end % PAGE_SIZE
  if (!valid(args)) return -EINVAL
  const count = (args.end - args.start) / PAGE_SIZE
  for (let i = 0; i < count; i++) args.src[i] = 0
  args.cpages = 0
  args.npages = 0
  yield* collect(args)
  if (args.cpages) args.cpages = yield* isolate(args.src, args.npages, args.fault_page)
  return 0
}

/** Nobody else may have a reference: it could be a pin. */
function isPinned(p: page, fault: page | null): boolean {
  let extra = p === fault ? 2 : 1
  if (p.pgmap !== null) extra++
  if (p.mapping !== null && !p.$isAnon) extra++
  return p.$refs - extra > p.$mapcount
}

/** Takes collected pages away from everybody else, too; gives back those that cannot move. */
function* isolate(src: MigrateList, count: number, fault: page | null): Sim<number> {
  let moving = 0
  const stay: number[] = []
  for (let i = 0; i < count; i++) {
    const p = pageOfMigratePfn(src[i]!)
    if (p !== null) {
      if (p.$mapcount > 0) yield* unmapOthers(p)
      if (p.$mapcount > 0 || isPinned(p, fault)) {
        drop(src, i)
        stay.push(i)
      } else moving++
    } else if (hasFlag(src[i]!, MIGRATE_PFN.MIGRATE)) moving++
  }
  for (const i of stay) {
    const p = pageOfMigratePfn(src[i]!)!
    removeMigrationEntries(p, p)
    src[i] = 0
    if (p !== fault) unlockPage(p)
    putPage(p)
  }
  return moving
}

/** Fills a place that was empty with a page of the driver's. */
function insertNew(migrate: migrate_vma, address: number, to: page): boolean {
  const vma = migrate.vma!
  const { $table } = vma.vm_mm!
  const number = pageNumber(address)
  const old = $table.get(number)
  if (!isAnonymous(vma) || (to.pgmap && !isDevicePrivate(to) && !isDeviceCoherent(to))) return false
  if (old !== null && old.kind !== 'zero') return false
  const write = (vma.vm_flags & VM.WRITE) !== 0
  getPage(to)
  setAnonPte(vma, address, to, write)
  if (isDevicePrivate(to)) $table.set(number, { ...$table.get(number)!, kind: 'device-private' })
  return true
}

/** Whether the content of one page may be in another: what belongs to files stays where it is. */
function replaceable(from: page, to: page): boolean {
  if (isDevicePrivate(to) || isDeviceCoherent(to)) return from.$isAnon
  return to.pgmap === null
}

/** What a page is, besides its content. */
function takePlace(from: page, to: page): void {
  to.$isAnon = from.$isAnon
  to.$exclusive = from.$exclusive
  to.index = from.index
  to.mapping = from.mapping
  hmmHooks(machine()).migrated.emit(from, to)
}

const MOVES = { $name: 'migrate_vma_pages' }

/** Puts each new page in the place of the old one, or of nothing. */
export function* migratePages(
  src: MigrateList, dst: MigrateList, count: number, migrate: migrate_vma | null,
): Sim {
  let range: mmu_notifier_range | null = null
  for (let i = 0; i < count; i++) {
    const to = pageOfMigratePfn(dst[i]!)
    const from = pageOfMigratePfn(src[i]!)
    if (to === null) {
      drop(src, i)
      continue
    }
    if (from !== null) {
      yield point(MOVES, from)
      if (!hasFlag(src[i]!, MIGRATE_PFN.MIGRATE) || !replaceable(from, to)) drop(src, i)
      else takePlace(from, to)
      continue
    }
    if (!hasFlag(src[i]!, MIGRATE_PFN.MIGRATE) || migrate === null) continue
    const address = migrate.start + i * PAGE_SIZE
    if (range === null) {
      const { vma, end, pgmap_owner: owner } = migrate
      range = new mmu_notifier_range(vma!.vm_mm!, NOTIFY.MIGRATE, address, end, undefined, owner)
      yield* notifyStart(range)
    }
    if (!insertNew(migrate, address, to)) drop(src, i)
  }
  if (range !== null) yield* notifyEnd(range)
}

const release = (p: page): void => {
  unlockPage(p)
  putPage(p)
}

/** Shows the pages to their processes again, the new ones or those that stayed. */
export function migrateFinalize(
  src: MigrateList, dst: MigrateList, count: number, fault: page | null = null,
): void {
  for (let i = 0; i < count; i++) {
    const to = pageOfMigratePfn(dst[i]!)
    const from = pageOfMigratePfn(src[i]!)
    const moved = to !== null && hasFlag(src[i]!, MIGRATE_PFN.MIGRATE)
    if (from === null) {
      if (to !== null) release(to)
      continue
    }
    if (to !== null && !moved) release(to)
    removeMigrationEntries(from, moved ? to : from)
    if (from !== fault) unlockPage(from)
    putPage(from)
    if (moved) release(to)
  }
}

/** The same for all pages of a device's memory in a row, whoever has them. */
export function* migrateDeviceRange(src: MigrateList, first: number, count: number): Sim<number> {
  for (let i = 0; i < count; i++) src[i] = claim(first + i)
  yield* isolate(src, count, null)
  return 0
}

/** And for single ones: their frame numbers come in the list. */
export function* migrateDevicePfns(src: MigrateList, count: number): Sim<number> {
  for (let i = 0; i < count; i++) src[i] = claim(src[i]!)
  yield* isolate(src, count, null)
  return 0
}

/** Locks a page of the device that somebody has. */
function claim(pfn: number): number {
  const p = pageOfMigratePfn(migratePfn(pfn))!
  if (p.$refs <= 0) return 0
  getPage(p)
  if (!trylockPage(p)) {
    putPage(p)
    return 0
  }
  return migratePfn(pfn) + MIGRATE_PFN.MIGRATE
}
