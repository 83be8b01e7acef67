import { PAGE_SIZE } from '../../base/units'
import type { Sim } from '../../engine/suspend'
import { EBADF, EINVAL, ENOMEM } from '../errno'
import { dropMerged, pageAlign } from './mmap'
import { mmapLock, mmapUnlock, type mm_struct } from './mm-struct'
import { populate } from './mlock'
import { mmu_notifier_range, NOTIFY, notifying } from './notify'
import { pageNumber } from './page-table'
import { allocateShmem, shmemOf } from './shmem'
import { VM, VM_SPECIAL, type vm_area_struct } from './vma'
import { mergeAround, splitEdges, vmasIn } from './vma-list'
import { zapRange } from './zap'

export const MADV = {
  NORMAL: 0,
  RANDOM: 1,
  SEQUENTIAL: 2,
  WILLNEED: 3,
  DONTNEED: 4,
  FREE: 8,
  REMOVE: 9,
  DONTFORK: 10,
  DOFORK: 11,
  MERGEABLE: 12,
  UNMERGEABLE: 13,
  HUGEPAGE: 14,
  NOHUGEPAGE: 15,
  DONTDUMP: 16,
  DODUMP: 17,
  WIPEONFORK: 18,
  KEEPONFORK: 19,
  COLD: 20,
  PAGEOUT: 21,
  POPULATE_READ: 22,
  POPULATE_WRITE: 23,
  DONTNEED_LOCKED: 24,
} as const

const KNOWN: ReadonlySet<number> = new Set(Object.values(MADV))
const READS_ONLY: ReadonlySet<number> = new Set([
  MADV.WILLNEED, MADV.DONTNEED, MADV.FREE, MADV.REMOVE, MADV.COLD, MADV.PAGEOUT,
  MADV.POPULATE_READ, MADV.POPULATE_WRITE, MADV.DONTNEED_LOCKED,
])

/** What the advice makes of a mapping's flags, or -errno. */
function adviseFlags(vma: vm_area_struct, advice: number): number {
  const { vm_flags: flags } = vma
  switch (advice) {
    case MADV.DONTFORK:
      return flags | VM.DONTCOPY
    case MADV.DOFORK:
      return flags & VM_SPECIAL ? -EINVAL : flags & ~VM.DONTCOPY
    case MADV.WIPEONFORK:
      return vma.vm_file || flags & VM.SHARED ? -EINVAL : flags | VM.WIPEONFORK
    case MADV.KEEPONFORK:
      return flags & ~VM.WIPEONFORK
    case MADV.DONTDUMP:
      return flags | VM.DONTDUMP
    case MADV.DODUMP:
      return flags & VM_SPECIAL ? -EINVAL : flags & ~VM.DONTDUMP
    case MADV.HUGEPAGE:
      return (flags & ~VM.NOHUGEPAGE) | VM.HUGEPAGE
    case MADV.NOHUGEPAGE:
      return (flags & ~VM.HUGEPAGE) | VM.NOHUGEPAGE
    default:
      return flags
  }
}

/** Reclaim may take the pages without writing them out; until it does they stay as they are. */
function* freeLater(vma: vm_area_struct, start: number, end: number): Sim {
  const mm = vma.vm_mm!
  yield* notifying(new mmu_notifier_range(mm, NOTIFY.CLEAR, start, end), function* () {
    for (const [, pte] of mm.$table.entries(pageNumber(start), pageNumber(end))) {
      pte.dirty = false
      pte.young = false
    }
  })
}

/** Advice about pages: what they show goes, or comes. */
function* advisePages(vma: vm_area_struct, start: number, end: number, advice: number): Sim<number> {
  switch (advice) {
    case MADV.DONTNEED:
      if (vma.vm_flags & (VM.PFNMAP | VM.LOCKED)) return -EINVAL
      yield* zapRange(vma, start, end)
      return 0
    case MADV.FREE:
      if (vma.vm_ops !== null || vma.vm_flags & VM.LOCKED) return -EINVAL
      yield* freeLater(vma, start, end)
      return 0
    case MADV.DONTNEED_LOCKED:
      if (vma.vm_flags & VM.PFNMAP) return -EINVAL
      yield* zapRange(vma, start, end)
      return 0
    case MADV.REMOVE: {
      const f = vma.vm_file
      if (vma.vm_flags & VM.LOCKED) return -EINVAL
      if (f === null || shmemOf(f) === null) return -EINVAL
      if ((vma.vm_flags & (VM.SHARED | VM.WRITE)) !== (VM.SHARED | VM.WRITE)) return -13
      const offset = vma.vm_pgoff * PAGE_SIZE + (start - vma.vm_start)
      return yield* allocateShmem(f, 3, offset, end - start)
    }
    case MADV.WILLNEED:
      return vma.vm_file === null ? -EBADF : 0
    case MADV.COLD:
    case MADV.PAGEOUT:
      return vma.vm_flags & (VM.LOCKED | VM.PFNMAP) ? -EINVAL : 0
    default:
      return 0
  }
}

function* adviseOne(vma: vm_area_struct, start: number, end: number, advice: number): Sim<number> {
  if (READS_ONLY.has(advice)) return yield* advisePages(vma, start, end, advice)
  const flags = adviseFlags(vma, advice)
  if (flags < 0 || flags === vma.vm_flags) return Math.min(flags, 0)
  const mm = vma.vm_mm!
  const error = yield* splitEdges(mm, start, end)
  if (error) return error
  for (const part of vmasIn(mm, start, end)) part.vm_flags = adviseFlags(part, advice)
  return 0
}

/** `madvise`: 0 or -errno. Holes in the range are an error, but what is there gets the advice. */
export function* adviseMemory(
  mm: mm_struct, start: number, length: number, advice: number,
): Sim<number> {
  if (!KNOWN.has(advice) || start % PAGE_SIZE !== 0) return -EINVAL
  const end = start + pageAlign(length)
  if (end < start) return -EINVAL
  if (end === start) return 0
  if (advice === MADV.POPULATE_READ || advice === MADV.POPULATE_WRITE)
    return yield* populateAdvised(mm, start, end, advice === MADV.POPULATE_WRITE)
  const write = !READS_ONLY.has(advice)
  yield* mmapLock(mm, write)
  let error = 0
  let at = start
  for (const vma of vmasIn(mm, start, end)) {
    if (vma.vm_start > at) error = -ENOMEM
    const from = Math.max(start, vma.vm_start)
    at = Math.min(end, vma.vm_end)
    const failed = yield* adviseOne(vma, from, at, advice)
    if (failed) {
      mmapUnlock(mm, write)
      return failed
    }
  }
  if (write) yield* dropMerged(mergeAround(mm, start, end))
  mmapUnlock(mm, write)
  return at < end ? -ENOMEM : error
}

function* populateAdvised(mm: mm_struct, start: number, end: number, write: boolean): Sim<number> {
  const vmas = vmasIn(mm, start, end)
  if (vmas.length === 0 || vmas[0]!.vm_start > start) return -ENOMEM
  if (vmas.some((vma) => vma.vm_flags & (VM.IO | VM.PFNMAP))) return -EINVAL
  if (vmas.some((vma) => !(vma.vm_flags & (write ? VM.WRITE : VM.READ)))) return -EINVAL
  yield* populate(mm, start, end, write)
  return 0
}
