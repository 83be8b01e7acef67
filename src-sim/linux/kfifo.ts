import { KernelObject } from '../engine/object'
import type { Sim } from '../engine/suspend'
import { kernelCall, quiet } from '../kernel/api'
import { EINVAL } from '../kernel/errno'
import { acquireOn, markAccess, releaseOn } from '../kernel/locking/access'
import { mightAlloc } from '../kernel/locking/fs-reclaim'
import * as spin from '../kernel/locking/spinlock'
import type { raw_spinlock_t } from '../kernel/locking/spinlock'
import { roundup_pow_of_two } from './log2'
import type { gfp_t, ptr } from './types'

/** Brought along, as by the C header. */
export * from './slab'
export * from './spinlock'

/**
 * Queues of a fixed size: `linux/kfifo`. One reader and one writer need no lock; more of a kind use
 * the `_spinlocked` forms. Elements are values or references; `n` counts elements.
 */
export class kfifo<T = any> extends KernelObject {
  /** @internal */
  $size = 0
  /** @internal */
  readonly $items: T[] = []
}

/** A static queue for `size` elements, a power of two. */
export const DEFINE_KFIFO = quiet(<T = any>(_name: string, size: number): kfifo<T> => {
  const fifo = new kfifo<T>()
  fifo.$size = size
  return fifo
})
export const DECLARE_KFIFO = DEFINE_KFIFO
export const INIT_KFIFO = kernelCall('INIT_KFIFO', (fifo: kfifo): void => {
  fifo.$items.length = 0
})
/** Room for at least `size` elements. May sleep. 0, -EINVAL or -ENOMEM. Pair: `kfifo_free`. */
export const kfifo_alloc = kernelCall('kfifo_alloc', (
  fifo: kfifo, size: number, gfp: gfp_t,
): number => {
  mightAlloc('kfifo_alloc', gfp)
  if (size < 2) return -EINVAL
  fifo.$size = roundup_pow_of_two(size)
  fifo.$items.length = 0
  return 0
})
export const kfifo_free = kernelCall('kfifo_free', (fifo: kfifo): void => {
  fifo.$size = 0
  fifo.$items.length = 0
})

function insert<T>(fifo: kfifo<T>, items: ArrayLike<T>, n: number): number {
  markAccess(fifo, 'in', true)
  releaseOn(fifo)
  const count = Math.min(n, fifo.$size - fifo.$items.length)
  for (let i = 0; i < count; i++) fifo.$items.push(items[i]!)
  return count
}
function remove<T>(fifo: kfifo<T>, items: { [index: number]: T }, n: number): number {
  markAccess(fifo, 'out', true)
  acquireOn(fifo)
  const taken = fifo.$items.splice(0, n)
  taken.forEach((item, i) => (items[i] = item))
  return taken.length
}

/** Puts one element; 0 when there is no room. */
export const kfifo_put = kernelCall('kfifo_put', <T>(fifo: kfifo<T>, value: T): number =>
  insert(fifo, [value], 1),
) as <T>(fifo: kfifo<T>, value: T) => number
/** Takes one element into `value`; 0 when it is empty. */
export const kfifo_get = kernelCall('kfifo_get', <T>(fifo: kfifo<T>, value: ptr<T>): number => {
  const item: T[] = []
  if (remove(fifo, item, 1) === 0) return 0
  value.value = item[0]!
  return 1
}) as <T>(fifo: kfifo<T>, value: ptr<T>) => number
/** Reads the next element without taking it. */
export const kfifo_peek = kernelCall('kfifo_peek', <T>(fifo: kfifo<T>, value: ptr<T>): number => {
  if (fifo.$items.length === 0) return 0
  value.value = fifo.$items[0]!
  return 1
}) as <T>(fifo: kfifo<T>, value: ptr<T>) => number
/** Puts up to `n` elements of an array or buffer; how many fitted. */
export const kfifo_in = kernelCall('kfifo_in', insert) as <T>(
  fifo: kfifo<T>, items: ArrayLike<T>, n: number,
) => number
/** Takes up to `n` elements into an array or buffer; how many there were. */
export const kfifo_out = kernelCall('kfifo_out', remove) as <T>(
  fifo: kfifo<T>, items: { [index: number]: T }, n: number,
) => number

function* locked(lock: raw_spinlock_t, body: () => number): Sim<number> {
  const taken = spin.spinLockIrqsave(lock)
  const flags = typeof taken === 'number' ? taken : yield* taken
  const count = body()
  spin.spinUnlockIrqrestore(lock, flags)
  return count
}
/** The same under a spinlock, with interrupts off. */
export const kfifo_in_spinlocked = kernelCall(
  'kfifo_in_spinlocked',
  <T>(fifo: kfifo<T>, items: ArrayLike<T>, n: number, lock: raw_spinlock_t) =>
    locked(lock, () => insert(fifo, items, n)),
) as <T>(fifo: kfifo<T>, items: ArrayLike<T>, n: number, lock: raw_spinlock_t) => number
export const kfifo_out_spinlocked = kernelCall(
  'kfifo_out_spinlocked',
  <T>(fifo: kfifo<T>, items: { [index: number]: T }, n: number, lock: raw_spinlock_t) =>
    locked(lock, () => remove(fifo, items, n)),
) as <T>(fifo: kfifo<T>, items: { [index: number]: T }, n: number, lock: raw_spinlock_t) => number

export const kfifo_len = kernelCall('kfifo_len', (fifo: kfifo): number => fifo.$items.length)
export const kfifo_avail = kernelCall(
  'kfifo_avail',
  (fifo: kfifo): number => fifo.$size - fifo.$items.length,
)
export const kfifo_size = quiet((fifo: kfifo): number => fifo.$size)
export const kfifo_is_empty = kernelCall(
  'kfifo_is_empty',
  (fifo: kfifo): boolean => fifo.$items.length === 0,
)
export const kfifo_is_full = kernelCall(
  'kfifo_is_full',
  (fifo: kfifo): boolean => fifo.$items.length >= fifo.$size,
)
export const kfifo_initialized = quiet((fifo: kfifo): boolean => fifo.$size > 0)
/** Forgets what is inside. Nobody else may use it meanwhile. */
export const kfifo_reset = kernelCall('kfifo_reset', (fifo: kfifo): void => {
  fifo.$items.length = 0
})
/** The same, allowed for the reader while a writer goes on. */
export const kfifo_reset_out = kfifo_reset
/** Drops the next element. */
export const kfifo_skip = kernelCall('kfifo_skip', (fifo: kfifo): void => {
  fifo.$items.shift()
})
