import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import { PAGE_SIZE } from '../../base/units'
import type { mm_struct } from '../mm/mm-struct'
import { makePte } from '../mm/map-pages'
import { mmu_notifier_range, NOTIFY, notifyEnd, notifyStart } from '../mm/notify'
import { getPage, putPage } from '../mm/page-alloc'
import type { page } from '../mm/page'
import type { Pte } from '../mm/page-table'
import { isDevicePrivate } from '../mm/pgmap'
import { VM, type vm_area_struct } from '../mm/vma'
import { placesOf, type Place } from './rmap'

/** Where entries were taken away from pages that are on their way, to be put back there. */
const onTheWay = service(() => new Map<page, Place[]>())

/**
 * Takes one entry away and leaves a mark that makes those who come wait. Its count goes with it:
 * the caller has one of its own.
 */
export function setMigrationEntry(
  mm: mm_struct, vma: vm_area_struct, number: number, old: Pte,
): void {
  const p = old.page!
  const pte: Pte = { ...old, kind: 'migration', page: null }
  mm.$table.set(number, pte)
  const all = onTheWay(machine())
  const places = all.get(p) ?? []
  places.push({ mm, vma, number, pte })
  all.set(p, places)
  p.$mapcount--
  putPage(p)
}

/** `try_to_migrate`: takes the page away from all others, whose subscribers are told CLEAR. */
export function* unmapOthers(p: page): Sim {
  for (const { mm, vma, number, pte } of placesOf(p)) {
    const address = number * PAGE_SIZE
    const range = new mmu_notifier_range(mm, NOTIFY.CLEAR, address, address + PAGE_SIZE)
    yield* notifyStart(range)
    if (mm.$table.get(number) === pte) setMigrationEntry(mm, vma, number, pte)
    yield* notifyEnd(range)
  }
}

/** Puts an entry wherever one was taken away, for the same page or for the one in its place. */
export function removeMigrationEntries(from: page, to: page): void {
  const all = onTheWay(machine())
  for (const { mm, vma, number, pte } of all.get(from) ?? []) {
    if (mm.$table.get(number) !== pte) continue
    getPage(to)
    to.$mapcount++
    const kind = isDevicePrivate(to) ? 'device-private' : 'page'
    const write = pte.write && (vma.vm_flags & VM.WRITE) !== 0
    const { dirty, softDirty, young } = pte
    const entry = { kind, page: to, pfn: to.$pfn, write, dirty, softDirty, young } as const
    mm.$table.set(number, makePte(vma, entry))
  }
  all.delete(from)
}
