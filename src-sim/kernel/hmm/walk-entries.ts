import { PAGE_SIZE } from '../../base/units'
import { point, RELAX, type Sim } from '../../engine/suspend'
import { EBUSY, EFAULT, EPERM } from '../errno'
import { handleFault } from '../mm/fault'
import { FAULT_ERROR, FAULT_FLAG } from '../mm/fault-codes'
import { isPresent, pageNumber, type Pte } from '../mm/page-table'
import { VM, type vm_area_struct } from '../mm/vma'
import { HMM_PFN, INOUT, makeEntry } from './pfn'
import {
  entryIndex, fill, needOf, needOfStretch, NEED_WRITE, type hmm_range, type Walk,
} from './range'

/** How far one entry of the middle level of the page tables reaches. */
const PMD_BYTES = 2 ** 21

const FAULTS = { $name: 'hmm_vma_fault' }

/** Faults a stretch in: -EBUSY, for the caller to look again, or an error. */
function* faultIn(
  walk: Walk, vma: vm_area_struct, start: number, end: number, need: number,
): Sim<number> {
  walk.last = start
  let flags: number = FAULT_FLAG.REMOTE
  if (need & NEED_WRITE) {
    if (!(vma.vm_flags & VM.WRITE)) return -EPERM
    flags |= FAULT_FLAG.WRITE
  }
  for (let at = start; at < end; at += PAGE_SIZE) {
    yield point(FAULTS, vma)
    if ((yield* handleFault(vma, at, flags)) & FAULT_ERROR) return -EFAULT
  }
  return -EBUSY
}

const flagsOf = (pte: Pte): number => {
  if (!pte.read) return 0
  return pte.write ? HMM_PFN.VALID | HMM_PFN.WRITE : HMM_PFN.VALID
}

const isOwn = (pte: Pte, range: hmm_range): boolean =>
  pte.kind === 'device-private' && pte.page!.pgmap!.owner === range.dev_private_owner

/** What a page is: the answer for it, a fault that it needs, or an error. */
type Answer = { entry: number } | { need: number } | { error: number }

/** An entry that stands for a page elsewhere. */
function* absent(walk: Walk, request: number, pte: Pte, at: number): Sim<Answer> {
  if (isOwn(pte, walk.range)) {
    const write = pte.write ? HMM_PFN.WRITE : 0
    return { entry: makeEntry(pte.pfn, HMM_PFN.VALID | write) }
  }
  const need = needOf(walk, request, 0)
  if (!need) return { entry: 0 }
  if (pte.kind === 'device-private' || pte.kind === 'device-exclusive') return { need }
  if (pte.kind !== 'migration') return { error: -EFAULT }
  walk.last = at
  yield RELAX
  return { error: -EBUSY }
}

function* answer(walk: Walk, pte: Pte | null, at: number): Sim<Answer> {
  const request = walk.range.hmm_pfns[entryIndex(walk.range, at)]!
  if (pte === null) {
    const need = needOf(walk, request, 0)
    return need ? { need } : { entry: 0 }
  }
  if (!isPresent(pte)) return yield* absent(walk, request, pte, at)
  const flags = flagsOf(pte)
  const need = needOf(walk, request, flags)
  if (need) return { need }
  if (pte.kind === 'special')
    return needOf(walk, request, 0) ? { error: -EFAULT } : { entry: HMM_PFN.ERROR }
  return { entry: makeEntry(pte.pfn, flags) }
}

/** All pages of [start, end) within one mapping that has pages. */
export function* walkEntries(
  walk: Walk, vma: vm_area_struct, start: number, end: number,
): Sim<number> {
  for (let at = start; at < end; ) {
    const next = Math.min(end, Math.floor(at / PMD_BYTES) * PMD_BYTES + PMD_BYTES)
    const ret = vma.vm_mm!.$table.hasLeaf(pageNumber(at))
      ? yield* walkLeaf(walk, vma, at, next)
      : yield* walkHole(walk, vma, at, next)
    if (ret) return ret
    at = next
  }
  return 0
}

function* walkHole(walk: Walk, vma: vm_area_struct, start: number, end: number): Sim<number> {
  const need = needOfStretch(walk, start, end)
  if (need) return yield* faultIn(walk, vma, start, end, need)
  fill(walk.range, start, end, 0)
  return 0
}

function* walkLeaf(walk: Walk, vma: vm_area_struct, start: number, end: number): Sim<number> {
  const { range } = walk
  const { $table } = vma.vm_mm!
  for (let at = start; at < end; at += PAGE_SIZE) {
    const found = yield* answer(walk, $table.get(pageNumber(at)), at)
    if ('error' in found) return found.error
    if ('need' in found) return yield* faultIn(walk, vma, at, end, found.need)
    const i = entryIndex(range, at)
    const kept = range.hmm_pfns[i]! & INOUT
    range.hmm_pfns[i] = found.entry + kept
  }
  return 0
}
