import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { point, type Sim } from '../../engine/suspend'
import { hmm_range_fault as faulted } from '../../trace/events'
import { emit } from '../emit'
import { EBUSY, EFAULT, EINVAL } from '../errno'
import { heldChecker } from '../locking/assert'
import { findVma } from '../mm/vma-list'
import { VM, type vm_area_struct } from '../mm/vma'
import { memoryAccess } from '../mm/watch'
import type { mmu_interval_notifier } from '../mmu-notifier/structs'
import { hmmHooks } from './hooks'
import { HMM_PFN, INOUT, withFlags } from './pfn'
import { walkEntries } from './walk-entries'

/** What is asked about a range of addresses, and the answer. */
export class hmm_range extends KernelObject {
  /** A subscription that covers the range. */
  notifier: mmu_interval_notifier | null = null
  /** From `mmu_interval_read_begin`. */
  notifier_seq = 0
  start = 0
  end = 0
  /** One entry for each page: requests before, answers after. */
  hmm_pfns: { [index: number]: number } = []
  /** What is asked of all pages. */
  default_flags = 0
  /** Which requests of single pages count. */
  pfn_flags_mask = 0
  /** Whose device memory is shown as it is. */
  dev_private_owner: unknown = null
  /** @internal Which entry of `hmm_pfns` is the first. */
  $first = 0
}

/** One walk over the range, and where it has come to. */
export interface Walk {
  range: hmm_range
  last: number
}

export const NEED_FAULT = 1
export const NEED_WRITE = 2

/** What has to be done before an entry is what was asked for; `cpu` says what it is now. */
export function needOf({ range }: Walk, request: number, cpu: number): number {
  const asked = (request & range.pfn_flags_mask) | range.default_flags
  if (!(asked & HMM_PFN.VALID)) return 0
  if (asked & HMM_PFN.WRITE && !(cpu & HMM_PFN.WRITE)) return NEED_FAULT | NEED_WRITE
  return cpu & HMM_PFN.VALID ? 0 : NEED_FAULT
}

export const entryIndex = (range: hmm_range, address: number): number =>
  range.$first + Math.floor((address - range.start) / PAGE_SIZE)

/** The needs of all pages of a stretch that has nothing. */
export function needOfStretch(walk: Walk, start: number, end: number): number {
  let need = 0
  for (let at = start; at < end; at += PAGE_SIZE)
    need |= needOf(walk, walk.range.hmm_pfns[entryIndex(walk.range, at)]!, 0)
  return need
}

/** The same answer for all pages of a stretch; no frames. */
export function fill(range: hmm_range, start: number, end: number, flags: number): void {
  for (let at = start; at < end; at += PAGE_SIZE) {
    const i = entryIndex(range, at)
    range.hmm_pfns[i] = withFlags(0, (range.hmm_pfns[i]! & INOUT) | flags)
  }
}

const usable = (vma: vm_area_struct): boolean =>
  (vma.vm_flags & (VM.IO | VM.PFNMAP)) === 0 && (vma.vm_flags & VM.READ) !== 0

/** A stretch that no fault can help. */
function refuse(walk: Walk, start: number, end: number): number {
  if (needOfStretch(walk, start, end)) return -EFAULT
  fill(walk.range, start, end, HMM_PFN.ERROR)
  return 0
}

function* walkAll(walk: Walk): Sim<number> {
  const { range } = walk
  const mm = range.notifier!.mm!
  if (walk.last >= range.end) return -EINVAL
  for (let at = walk.last; at < range.end; ) {
    const vma = findVma(mm, at)
    const begins = vma === null ? range.end : Math.min(vma.vm_start, range.end)
    let end: number
    let ret: number
    if (vma === null || at < begins) {
      end = begins
      ret = refuse(walk, at, end)
    } else {
      end = Math.min(vma.vm_end, range.end)
      ret = usable(vma) ? yield* walkEntries(walk, vma, at, end) : refuse(walk, at, end)
    }
    if (ret) return ret
    at = end
  }
  return 0
}

const WALKS = { $name: 'walk_page_range' }

/**
 * Looks up the pages of a range, faulting them in where that is asked for. 0, -EBUSY when the range
 * changes meanwhile, -EFAULT, -EPERM or -EINVAL. The pages are not kept.
 */
export function* rangeFault(range: hmm_range): Sim<number> {
  const m = machine()
  const notifier = range.notifier!
  memoryAccess(m).touch(notifier, 'mm', false, 'hmm_range_fault')
  const mm = notifier.mm!
  heldChecker(m).assert(mm.mmap_lock.dep_map)
  const walk: Walk = { range, last: range.start }
  let ret: number
  for (;;) {
    yield point(WALKS, mm)
    ret = notifier.invalidate_seq === range.notifier_seq ? yield* walkAll(walk) : -EBUSY
    if (ret !== -EBUSY || notifier.invalidate_seq !== range.notifier_seq) break
  }
  emit(faulted, notifier, range.start, range.end - range.start, ret)
  if (ret === 0) hmmHooks(m).filled.emit(range)
  return ret
}
