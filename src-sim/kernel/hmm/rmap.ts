import { machine } from '../../engine/current'
import { processes } from '../fs/process'
import type { mm_struct } from '../mm/mm-struct'
import { vmaAt } from '../mm/vma-list'
import type { vm_area_struct } from '../mm/vma'
import type { page } from '../mm/page'
import type { Pte } from '../mm/page-table'
import { PAGE_SIZE } from '../../base/units'

/** One entry of some process's page tables. */
export interface Place {
  mm: mm_struct
  vma: vm_area_struct
  number: number
  pte: Pte
}

function spaces(): mm_struct[] {
  const all = new Set<mm_struct>()
  for (const process of processes(machine()).byTask.values()) if (process.mm) all.add(process.mm)
  return [...all]
}

/** All entries that show a page, of whatever processes. */
export function placesOf(p: page): Place[] {
  const found: Place[] = []
  if (p.$mapcount <= 0) return found
  for (const mm of spaces())
    for (const [number, pte] of mm.$table.entries(0, Infinity)) {
      if (pte.page !== p) continue
      const vma = vmaAt(mm, number * PAGE_SIZE)
      if (vma !== null) found.push({ mm, vma, number, pte })
    }
  return found
}
