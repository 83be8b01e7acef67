import { KernelObject } from '../../engine/object'
import { acquireOn, releaseOn } from '../locking/access'
import { defineSpinlock, spinlock_t } from '../locking/spinlock'

/** Allocating arrays keep track of which indexes are free; ALLOC1 begins at 1. */
export const XA_FLAGS_LOCK_IRQ = 1
export const XA_FLAGS_LOCK_BH = 2
export const XA_FLAGS_TRACK_FREE = 4
export const XA_FLAGS_ZERO_BUSY = 8
export const XA_FLAGS_ALLOC = XA_FLAGS_TRACK_FREE | 0x100
export const XA_FLAGS_ALLOC1 = XA_FLAGS_TRACK_FREE | XA_FLAGS_ZERO_BUSY

export const MARKS = 3
export const INDEX_MAX = Number.MAX_SAFE_INTEGER

/** What is stored at a reserved index: there is something, and it reads as null. */
export const RESERVED = Object.freeze({ reserved: true })

/** Pointers by number, in order, each with three marks. */
export class xarray extends KernelObject {
  xa_lock = new spinlock_t()
  xa_flags = 0
  /** @internal */
  readonly $entries = new Map<number, unknown>()
  /** @internal Indexes in order. */
  readonly $order: number[] = []
  /** @internal */
  readonly $marks: Set<number>[] = Array.from({ length: MARKS }, () => new Set<number>())
}

export function initXarray(xa: xarray, flags: number, name = 'xa_lock'): xarray {
  defineSpinlock(xa.xa_lock, name)
  xa.xa_flags = flags
  clearXarray(xa)
  return xa
}

export function clearXarray(xa: xarray): void {
  xa.$entries.clear()
  xa.$order.length = 0
  for (const marks of xa.$marks) marks.clear()
}

/** Position of the first index that is not below `index`. */
function position(order: readonly number[], index: number): number {
  let [low, high] = [0, order.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (order[middle]! < index) low = middle + 1
    else high = middle
  }
  return low
}

/** What is stored is published as by rcu_assign_pointer, and looked up as by rcu_dereference. */
const isPointer = (entry: unknown): entry is object => typeof entry === 'object' && entry !== null

export function loadAt(xa: xarray, index: number): unknown {
  const entry = xa.$entries.get(index) ?? null
  if (entry === RESERVED) return null
  if (isPointer(entry)) acquireOn(entry)
  return entry
}

/** Stores (null takes out) and answers what was there. Marks go with what they marked. */
export function storeAt(xa: xarray, index: number, entry: unknown): unknown {
  const old = loadAt(xa, index)
  const has = xa.$entries.has(index)
  if (entry === null || entry === undefined) {
    if (!has) return old
    xa.$entries.delete(index)
    xa.$order.splice(position(xa.$order, index), 1)
    for (const marks of xa.$marks) marks.delete(index)
  } else {
    if (isPointer(entry)) releaseOn(entry)
    if (!has) xa.$order.splice(position(xa.$order, index), 0, index)
    xa.$entries.set(index, entry)
  }
  return old
}

/** The first free index in [min, max], or -1. */
export function freeIndex(xa: xarray, min: number, max: number): number {
  let index = min
  for (let at = position(xa.$order, min); at < xa.$order.length; at++) {
    if (xa.$order[at]! > index) break
    index = xa.$order[at]! + 1
  }
  return index > max ? -1 : index
}

/** The first used index in [min, max] that bears `mark` (-1: any). */
export function nextIndex(xa: xarray, min: number, max: number, mark: number): number {
  for (let at = position(xa.$order, min); at < xa.$order.length; at++) {
    const index = xa.$order[at]!
    if (index > max) return -1
    const wanted = mark < 0 || xa.$marks[mark]!.has(index)
    if (wanted && xa.$entries.get(index) !== RESERVED) return index
  }
  return -1
}
