import { machine } from '../../engine/current'
import { call, point, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { fput } from '../fs/file-table'
import { mmapDowngrade, type mm_struct } from './mm-struct'
import { flushTlb, mmu_notifier_range, NOTIFY, notifyEnd, notifyStart } from './notify'
import { putPage } from './page-alloc'
import type { vm_area_struct } from './vma'
import { detachVma, splitEdges, unlinkFile, vmasIn } from './vma-list'
import { memoryAccess } from './watch'
import { zapEntries, type Gather } from './zap'

/** `vm_ops->close`, then the mapping's hold on the file goes. */
export function* removeVma(vma: vm_area_struct): Sim {
  const ops = vma.vm_ops
  if (ops) memoryAccess(machine()).touch(ops, 'close', false)
  const close = ops?.close
  if (close) yield* call(() => close(vma))
  emit(ev.munmap, vma, vma.vm_mm?.$owner ?? null, vma.vm_file)
  if (vma.vm_file) fput(vma.vm_file)
}

/** Takes the entries of these mappings away, bracketed by UNMAP over the whole of [start, end). */
export function* clearArea(
  mm: mm_struct, vmas: vm_area_struct[], start: number, end: number,
): Sim<Gather> {
  const range = new mmu_notifier_range(mm, NOTIFY.UNMAP, start, end)
  const gather: Gather = []
  yield* notifyStart(range)
  for (const vma of vmas)
    zapEntries(vma, Math.max(start, vma.vm_start), Math.min(end, vma.vm_end), gather)
  yield* notifyEnd(range)
  return gather
}

/** The upper tables that nobody shares go, too; only then are the pages given back. */
export function freeTables(
  mm: mm_struct, vmas: vm_area_struct[], start: number, end: number, gather: Gather,
): void {
  for (const vma of vmas) unlinkFile(vma)
  let floor = 0
  let ceiling = Infinity
  for (const vma of mm.$vmas) {
    if (vma.vm_end <= start) floor = Math.max(floor, vma.vm_end)
    else if (vma.vm_start >= end) ceiling = Math.min(ceiling, vma.vm_start)
  }
  mm.$table.free(floor, ceiling)
  flushTlb(mm, start, end)
  for (const p of gather) putPage(p)
}

const UNMAPS = { $name: 'unmap_region' }

/**
 * Takes mappings away between two addresses, with the lock held for writing (MM-09). `downgrade`
 * lets readers in once nobody can find the mappings any more; the lock is then held for reading.
 * 0 or -errno.
 */
export function* unmapRange(
  mm: mm_struct, start: number, end: number, downgrade = false,
): Sim<number> {
  if (vmasIn(mm, start, end).length === 0) {
    if (downgrade) mmapDowngrade(mm)
    return 0
  }
  const error = yield* splitEdges(mm, start, end)
  if (error) {
    if (downgrade) mmapDowngrade(mm)
    return error
  }
  const vmas = vmasIn(mm, start, end)
  for (const vma of vmas) detachVma(mm, vma)
  if (downgrade) mmapDowngrade(mm)
  yield point(UNMAPS, mm)
  const gather = yield* clearArea(mm, vmas, start, end)
  freeTables(mm, vmas, start, end, gather)
  for (const vma of vmas) yield* removeVma(vma)
  return 0
}
