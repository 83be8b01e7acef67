import { PAGE_SIZE } from '../../base/units'
import type { Sim } from '../../engine/suspend'
import type { address_space } from './address-space'
import { putPage } from './page-alloc'
import type { page } from './page'
import { mmu_notifier_range, notifyEnd, notifyStart, NOTIFY, flushTlb } from './notify'
import { pageNumber } from './page-table'
import { VM, type vm_area_struct } from './vma'

/** Pages whose entries are gone: they are given back only when no CPU can reach them any more. */
export type Gather = page[]

/** Takes the entries of a range away. Private copies stay when only the file's pages are meant. */
export function zapEntries(
  vma: vm_area_struct, start: number, end: number, gather: Gather, evenCows = true,
): void {
  const table = vma.vm_mm!.$table
  for (const [number, pte] of table.entries(pageNumber(start), pageNumber(end))) {
    if (!evenCows && (pte.page?.$isAnon || pte.kind === 'zero')) continue
    table.delete(number)
    if (pte.page === null) continue
    pte.page.$mapcount--
    gather.push(pte.page)
  }
}

/** The translations are flushed, then the pages given back. */
export function finishGather(vma: vm_area_struct, start: number, end: number, gather: Gather): void {
  flushTlb(vma.vm_mm!, start, end)
  for (const p of gather) putPage(p)
}

/** Takes away what a part of one mapping shows, bracketed by CLEAR. */
export function* zapRange(
  vma: vm_area_struct, start: number, end: number, evenCows = true,
): Sim {
  const range = new mmu_notifier_range(vma.vm_mm!, NOTIFY.CLEAR, start, end)
  const gather: Gather = []
  yield* notifyStart(range)
  zapEntries(vma, start, end, gather, evenCows)
  yield* notifyEnd(range)
  finishGather(vma, start, end, gather)
}

/** `zap_vma_ptes`: only for mappings of frames, and only inside of them. */
export function* zapFrames(vma: vm_area_struct, address: number, size: number): Sim {
  if (address < vma.vm_start || address + size > vma.vm_end) return
  if (!(vma.vm_flags & VM.PFNMAP)) return
  yield* zapRange(vma, address, address + size)
}

/**
 * Takes away what programs show of a file, from byte `begin` on (all of it when `length` is 0).
 * The mappings stay in their processes, but nothing is behind them, so that the next access faults
 * (DM-81, DM-85, MM-16).
 */
export function* zapMappings(
  space: address_space, begin = 0, length = 0, evenCows = true,
): Sim {
  const first = Math.floor(begin / PAGE_SIZE)
  const end = length === 0 ? Infinity : Math.ceil((begin + length) / PAGE_SIZE)
  for (const vma of [...space.$vmas]) {
    const from = Math.max(first, vma.vm_pgoff)
    const to = Math.min(end, vma.vm_pgoff + (vma.vm_end - vma.vm_start) / PAGE_SIZE)
    if (from >= to) continue
    const start = vma.vm_start + (from - vma.vm_pgoff) * PAGE_SIZE
    yield* zapRange(vma, start, start + (to - from) * PAGE_SIZE, evenCows)
  }
}
