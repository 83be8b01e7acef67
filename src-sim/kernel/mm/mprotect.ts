import { PAGE_SIZE } from '../../base/units'
import { call, type Sim } from '../../engine/suspend'
import { EACCES, EINVAL, ENOMEM } from '../errno'
import { dropMerged, pageAlign, PROT } from './mmap'
import { wantsNotice } from './map-pages'
import { mmapLock, mmapUnlock, type mm_struct } from './mm-struct'
import { flushTlb, mmu_notifier_range, NOTIFY, notifyEnd, notifyStart } from './notify'
import { pageNumber, type Pte } from './page-table'
import { isAccessible, VM, type vm_area_struct } from './vma'
import { findVma, mergeAround, splitEdges } from './vma-list'

const PROT_BITS = VM.READ | VM.WRITE | VM.EXEC

/** Whether an entry may become writable without asking anybody. */
function writableNow(vma: vm_area_struct, pte: Pte): boolean {
  if (!(vma.vm_flags & VM.WRITE)) return false
  if (vma.vm_flags & VM.SHARED) return !wantsNotice(vma) || pte.dirty
  return pte.page !== null && pte.page.$isAnon && pte.page.$exclusive
}

/**
 * Sets the entries of a range to what the mapping allows now. Told as PROTECTION_VMA over the
 * range, wherever there are upper tables at all, whether or not pages are there.
 */
export function* changeProtection(vma: vm_area_struct, start: number, end: number): Sim {
  const mm = vma.vm_mm!
  const from = mm.$table.firstUpper(start, end)
  if (from === null) return
  const range = new mmu_notifier_range(mm, NOTIFY.PROTECTION_VMA, from, end)
  range.$vma = vma
  yield* notifyStart(range)
  for (const [, pte] of mm.$table.entries(pageNumber(from), pageNumber(end))) {
    pte.read = isAccessible(vma)
    if (pte.kind === 'page' || pte.kind === 'special') pte.write = writableNow(vma, pte)
    else if (!(vma.vm_flags & VM.WRITE)) pte.write = false
  }
  yield* notifyEnd(range)
  flushTlb(mm, from, end)
}

function* protectOne(vma: vm_area_struct, start: number, end: number, prot: number): Sim<number> {
  const flags = (vma.vm_flags & ~PROT_BITS) | (prot & PROT_BITS)
  // What the mapping may never have: its "may" bits are the same ones, four places up.
  if (flags & ~(flags >> 4) & PROT_BITS) return -EACCES
  const ask = vma.vm_ops?.mprotect
  if (ask) {
    const error = Number(yield* call(() => ask(vma, start, end, flags)))
    if (error) return error
  }
  if (flags === vma.vm_flags) return 0
  const mm = vma.vm_mm!
  const error = yield* splitEdges(mm, start, end)
  if (error) return error
  const part = findVma(mm, start)!
  part.vm_flags = flags
  part.vm_page_prot = flags & (PROT_BITS | VM.SHARED)
  yield* changeProtection(part, start, end)
  yield* dropMerged(mergeAround(mm, start, end))
  return 0
}

/** `mprotect`: 0 or -errno. What was changed before an error stays changed. */
export function* protectMemory(
  mm: mm_struct, start: number, length: number, prot: number,
): Sim<number> {
  if (start % PAGE_SIZE !== 0) return -EINVAL
  if (length === 0) return 0
  if (prot & ~(PROT.READ | PROT.WRITE | PROT.EXEC)) return -EINVAL
  const end = start + pageAlign(length)
  yield* mmapLock(mm, true)
  const error = yield* protectAll(mm, start, end, prot)
  mmapUnlock(mm, true)
  return error
}

function* protectAll(mm: mm_struct, start: number, end: number, prot: number): Sim<number> {
  for (let at = start; at < end; ) {
    const vma = findVma(mm, at)
    if (vma === null || vma.vm_start > at) return -ENOMEM
    const until = Math.min(end, vma.vm_end)
    const error = yield* protectOne(vma, at, until, prot)
    if (error) return error
    at = until
  }
  return 0
}
