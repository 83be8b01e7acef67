import { PAGE_SIZE } from '../../base/units'
import { call, type Sim } from '../../engine/suspend'
import { EAGAIN, EFAULT, EINVAL, ENOMEM } from '../errno'
import { getFile } from '../fs/file'
import { memlockAllows } from './mlock'
import { dropMerged, findRoom, pageAlign } from './mmap'
import { mmapLock, mmapUnlock, type mm_struct } from './mm-struct'
import { flushTlb, mmu_notifier_range, NOTIFY, notifyEnd, notifyStart } from './notify'
import { pageNumber } from './page-table'
import { unmapRange } from './unmap'
import { TASK_SIZE } from './user-access'
import { VM, type vm_area_struct } from './vma'
import {
  announce, copyVma, detachVma, findVma, insertVma, linkFile, mergeAround, vmaAt, vmasIn,
} from './vma-list'

export const MREMAP = { MAYMOVE: 1, FIXED: 2, DONTUNMAP: 4 } as const

export interface Move {
  from: number
  oldLength: number
  newLength: number
  flags: number
  /** With FIXED: where to. */
  to: number
}

/** `mremap`: the address, or -errno. */
export function* remapMemory(mm: mm_struct, asked: Move): Sim<number> {
  const move = { ...asked, oldLength: pageAlign(asked.oldLength), newLength: pageAlign(asked.newLength) }
  const { from, oldLength, newLength, flags, to } = move
  const fixed = (flags & MREMAP.FIXED) !== 0
  if (flags & ~7 || from % PAGE_SIZE !== 0 || newLength === 0) return -EINVAL
  if (fixed && (!(flags & MREMAP.MAYMOVE) || to % PAGE_SIZE !== 0)) return -EINVAL
  if (flags & MREMAP.DONTUNMAP && (!(flags & MREMAP.MAYMOVE) || oldLength !== newLength)) return -EINVAL
  if (fixed && to + newLength > TASK_SIZE) return -EINVAL
  if (fixed && to < from + oldLength && from < to + newLength) return -EINVAL
  yield* mmapLock(mm, true)
  const ret = yield* remapLocked(mm, move)
  mmapUnlock(mm, true)
  return ret
}

function* remapLocked(mm: mm_struct, move: Move): Sim<number> {
  const { from, oldLength, newLength, flags } = move
  const vma = vmaAt(mm, from)
  if (vma === null) return -EFAULT
  if (flags & MREMAP.FIXED) {
    const error = yield* unmapRange(mm, move.to, move.to + newLength)
    if (error) return error
  }
  if (newLength < oldLength) {
    const error = yield* unmapRange(mm, from + newLength, from + oldLength)
    if (error) return error
  }
  const kept = Math.min(oldLength, newLength)
  if (!(flags & (MREMAP.FIXED | MREMAP.DONTUNMAP)) && newLength <= oldLength) return from
  const error = mayGrow(mm, vma, move)
  if (error) return error
  if (!(flags & (MREMAP.FIXED | MREMAP.DONTUNMAP)) && growsInPlace(mm, vma, move)) return from
  if (!(flags & MREMAP.MAYMOVE)) return -ENOMEM
  const to = flags & MREMAP.FIXED ? move.to : findRoom(mm, 0, newLength)
  return to < 0 ? to : yield* moveArea(mm, vma, { ...move, oldLength: kept, to })
}

function mayGrow(mm: mm_struct, vma: vm_area_struct, { from, oldLength, newLength }: Move): number {
  if (oldLength > vma.vm_end - from) return -EFAULT
  if (newLength <= oldLength) return 0
  if (vma.vm_flags & (VM.DONTEXPAND | VM.PFNMAP)) return -EFAULT
  const more = (newLength - oldLength) / PAGE_SIZE
  return vma.vm_flags & VM.LOCKED && !memlockAllows(mm, more) ? -EAGAIN : 0
}

function growsInPlace(mm: mm_struct, vma: vm_area_struct, { from, oldLength, newLength }: Move): boolean {
  const end = from + newLength
  if (vma.vm_end !== from + oldLength || vmasIn(mm, vma.vm_end, end).length > 0) return false
  detachVma(mm, vma)
  vma.vm_end = end
  insertVma(mm, vma)
  return true
}

/** A new mapping gets the entries of the old one, which then goes: two UNMAP pairs. */
function* moveArea(mm: mm_struct, vma: vm_area_struct, move: Move): Sim<number> {
  const { from, oldLength, newLength, to, flags } = move
  const moved = copyVma(vma)
  moved.vm_start = to
  moved.vm_end = to + newLength
  moved.vm_pgoff = vma.vm_pgoff + (from - vma.vm_start) / PAGE_SIZE
  if (moved.vm_file) getFile(moved.vm_file)
  const open = moved.vm_ops?.open
  if (open) yield* call(() => open(moved))
  insertVma(mm, moved)
  linkFile(moved)
  announce(moved)
  yield* moveEntries(mm, from, oldLength, to)
  const tell = moved.vm_ops?.mremap
  const error = tell ? Number(yield* call(() => tell(moved))) : 0
  if (error) {
    yield* moveEntries(mm, to, oldLength, from)
    yield* unmapRange(mm, to, to + newLength)
    return error
  }
  if (flags & MREMAP.DONTUNMAP) findVma(mm, from)!.vm_flags &= ~VM.LOCKED
  else yield* unmapRange(mm, from, from + oldLength)
  yield* dropMerged(mergeAround(mm, to, to + newLength))
  return to
}

function* moveEntries(mm: mm_struct, from: number, length: number, to: number): Sim {
  const range = new mmu_notifier_range(mm, NOTIFY.UNMAP, from, from + length)
  yield* notifyStart(range)
  const offset = (to - from) / PAGE_SIZE
  for (const [page, pte] of mm.$table.entries(pageNumber(from), pageNumber(from + length))) {
    mm.$table.delete(page)
    mm.$table.set(page + offset, pte)
  }
  flushTlb(mm, from, from + length)
  yield* notifyEnd(range)
}
