import { call, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { ENOMEM } from '../errno'
import { getFile } from '../fs/file'
import { PAGE_SIZE } from '../../base/units'
import type { mm_struct } from './mm-struct'
import { isAnonymous, VM, VM_SPECIAL, vm_area_struct } from './vma'

/** The mappings of an address space by their addresses: finding, splitting, merging. */

const MAX_MAP_COUNT = 65530

/** The first mapping that ends behind an address: it may begin behind it, too. */
export function findVma(mm: mm_struct, address: number): vm_area_struct | null {
  const list = mm.$vmas
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (list[middle]!.vm_end > address) high = middle
    else low = middle + 1
  }
  return list[low] ?? null
}

/** The mapping that an address lies in. */
export function vmaAt(mm: mm_struct, address: number): vm_area_struct | null {
  const vma = findVma(mm, address)
  return vma !== null && vma.vm_start <= address ? vma : null
}

/** All mappings that have a part of [start, end). */
export const vmasIn = (mm: mm_struct, start: number, end: number): vm_area_struct[] =>
  mm.$vmas.filter((vma) => vma.vm_end > start && vma.vm_start < end)

export const pagesIn = (vma: vm_area_struct): number => (vma.vm_end - vma.vm_start) / PAGE_SIZE

export function insertVma(mm: mm_struct, vma: vm_area_struct): void {
  const at = mm.$vmas.findIndex((other) => other.vm_start > vma.vm_start)
  if (at < 0) mm.$vmas.push(vma)
  else mm.$vmas.splice(at, 0, vma)
  mm.total_vm += pagesIn(vma)
  if (vma.vm_flags & VM.LOCKED) mm.locked_vm += pagesIn(vma)
}

/** Takes a mapping out: nobody finds it any more. */
export function detachVma(mm: mm_struct, vma: vm_area_struct): void {
  const at = mm.$vmas.indexOf(vma)
  if (at < 0) return
  mm.$vmas.splice(at, 1)
  mm.total_vm -= pagesIn(vma)
  if (vma.vm_flags & VM.LOCKED) mm.locked_vm -= pagesIn(vma)
}

/** A mapping of a file is found through the file, so that what it shows can be taken away. */
export function linkFile(vma: vm_area_struct): void {
  const mapping = vma.$mapping
  if (mapping === null) return
  mapping.$vmas.add(vma)
  if ((vma.vm_flags & (VM.SHARED | VM.MAYWRITE)) === (VM.SHARED | VM.MAYWRITE)) mapping.$writable++
}

export function unlinkFile(vma: vm_area_struct): void {
  const mapping = vma.$mapping
  if (mapping === null || !mapping.$vmas.delete(vma)) return
  if ((vma.vm_flags & (VM.SHARED | VM.MAYWRITE)) === (VM.SHARED | VM.MAYWRITE)) mapping.$writable--
}

/** Shows a new mapping in the trace. */
export function announce(vma: vm_area_struct): void {
  const { vm_start: start, vm_end: end, vm_file: file } = vma
  emit(ev.mmap, vma, vma.vm_mm?.$owner ?? null, file, start, end - start)
}

export function announceAll(mm: mm_struct, owner: object): void {
  mm.$owner = owner
  for (const vma of mm.$vmas) announce(vma)
}

/** A second mapping like the first one; it holds nothing yet. */
export function copyVma(vma: vm_area_struct): vm_area_struct {
  const copy = new vm_area_struct()
  copy.vm_start = vma.vm_start
  copy.vm_end = vma.vm_end
  copy.vm_pgoff = vma.vm_pgoff
  copy.vm_flags = vma.vm_flags
  copy.vm_page_prot = vma.vm_page_prot
  copy.vm_file = vma.vm_file
  copy.vm_mm = vma.vm_mm
  copy.vm_ops = vma.vm_ops
  copy.vm_private_data = vma.vm_private_data
  copy.$anon = vma.$anon
  return copy
}

/**
 * Makes two mappings of one: the new one, of which the driver is told, is the lower or the upper
 * part. 0 or -errno.
 */
export function* splitVma(vma: vm_area_struct, address: number, newBelow: boolean): Sim<number> {
  const mm = vma.vm_mm!
  const maySplit = vma.vm_ops?.may_split
  if (maySplit) {
    const error = Number(yield* call(() => maySplit(vma, address)))
    if (error) return error
  }
  if (mm.map_count >= MAX_MAP_COUNT) return -ENOMEM
  const below = (address - vma.vm_start) / PAGE_SIZE
  const made = copyVma(vma)
  if (newBelow) made.vm_end = address
  else {
    made.vm_start = address
    made.vm_pgoff += below
  }
  if (made.vm_file) getFile(made.vm_file)
  const open = made.vm_ops?.open
  if (open) yield* call(() => open(made))
  detachVma(mm, vma)
  if (newBelow) {
    vma.vm_start = address
    vma.vm_pgoff += below
  } else vma.vm_end = address
  insertVma(mm, vma)
  insertVma(mm, made)
  linkFile(made)
  announce(made)
  return 0
}

/** Splits so that mappings begin and end where the range does: inside of it the old ones stay. */
export function* splitEdges(mm: mm_struct, start: number, end: number): Sim<number> {
  for (const edge of [start, end]) {
    const vma = vmaAt(mm, edge)
    if (vma === null || vma.vm_start === edge) continue
    const error = yield* splitVma(vma, edge, edge === start)
    if (error) return error
  }
  return 0
}

function mergeable(a: vm_area_struct, b: vm_area_struct): boolean {
  return (
    a.vm_end === b.vm_start &&
    a.vm_flags === b.vm_flags &&
    a.vm_file === b.vm_file &&
    a.vm_ops === b.vm_ops &&
    !a.vm_ops?.close &&
    !(a.vm_flags & VM_SPECIAL) &&
    a.vm_private_data === b.vm_private_data &&
    (isAnonymous(a) ? true : a.vm_pgoff + pagesIn(a) === b.vm_pgoff)
  )
}

/** Neighbours that differ in nothing become one again; those that go are answered. */
export function mergeAround(mm: mm_struct, start: number, end: number): vm_area_struct[] {
  const gone: vm_area_struct[] = []
  const near = mm.$vmas.filter((vma) => vma.vm_end >= start && vma.vm_start <= end)
  let last = near[0]
  for (const vma of near.slice(1)) {
    if (!last || !mergeable(last, vma)) {
      last = vma
      continue
    }
    detachVma(mm, last)
    detachVma(mm, vma)
    unlinkFile(vma)
    last.vm_end = vma.vm_end
    last.$anon ||= vma.$anon
    insertVma(mm, last)
    gone.push(vma)
  }
  return gone
}
