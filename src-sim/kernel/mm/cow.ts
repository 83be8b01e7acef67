import type { Sim } from '../../engine/suspend'
import { FAULT } from './fault-codes'
import { setAnonPte } from './map-pages'
import { flushTlb, mmu_notifier_range, NOTIFY, notifyEnd, notifyStart } from './notify'
import { PAGE_SIZE, type PhysAddr } from '../../base/units'
import { machine } from '../../engine/current'
import { bytesOf, type page } from './page'
import { putPage, takeZeroed } from './page-alloc'
import { pageNumber, type Pte } from './page-table'
import { physicalMemory } from './physical'
import type { vm_area_struct } from './vma'

/** Whoever alone still has a page of a private mapping may go on using it. */
export const mayReuse = (p: page): boolean => p.$isAnon && (p.$exclusive || p.$refs === 1)

export function copyBytes(to: page, fromPfn: number): void {
  const from = physicalMemory(machine()).view((fromPfn * PAGE_SIZE) as PhysAddr, PAGE_SIZE)
  if (from) bytesOf(to)!.set(from)
}

/**
 * Gives a private mapping a copy of its own of what it shows: the old page stays with the others,
 * and with those who have pinned it. Told as CLEAR of this one page.
 */
export function* copyOnWrite(
  vma: vm_area_struct, address: number, pte: Pte, write: boolean,
): Sim<number> {
  const copy = takeZeroed()
  if (copy === null) return FAULT.OOM
  if (pte.kind !== 'zero') copyBytes(copy, pte.pfn)
  const mm = vma.vm_mm!
  const range = new mmu_notifier_range(mm, NOTIFY.CLEAR, address, address + PAGE_SIZE)
  yield* notifyStart(range)
  if (mm.$table.get(pageNumber(address)) !== pte) putPage(copy)
  else {
    flushTlb(mm, address, address + PAGE_SIZE)
    setAnonPte(vma, address, copy, write)
    if (pte.page) {
      pte.page.$mapcount--
      putPage(pte.page)
    }
  }
  yield* notifyEnd(range)
  return 0
}
