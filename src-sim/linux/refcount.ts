import { quiet } from '../kernel/api'
import * as r from '../kernel/locking/refcount'
import type { refcount_t as Counter } from '../kernel/locking/refcount'

/** Brought along, as by the C header. */
export * from './atomic'

/**
 * Reference counters that saturate: `linux/refcount`. Valid from 1 to INT_MAX; 0 is dead for ever. A
 * misuse pins the counter at REFCOUNT_SATURATED and is reported: the object leaks, but nothing is
 * used after it was freed. Any context.
 */

export { refcount_t, REFCOUNT_MAX, REFCOUNT_SATURATED } from '../kernel/locking/refcount'
export { refcount_dec_and_mutex_lock } from './mutex'
export { refcount_dec_and_lock } from './spinlock'

/** A counter with a start value, for initialisers. */
export const REFCOUNT_INIT = quiet(function REFCOUNT_INIT(n: number): Counter {
  const counter = new r.refcount_t()
  r.refcountSet(counter, n)
  return counter
})
/** Sets the count, before anybody else can see the object. */
export function refcount_set(counter: Counter, n: number): void {
  r.refcountSet(counter, n)
}
export function refcount_read(counter: Counter): number {
  return r.refcountRead(counter)
}
/** One more reference; the caller must already have one. */
export function refcount_inc(counter: Counter): void {
  r.refcountAdd(1, counter)
}
export function refcount_add(i: number, counter: Counter): void {
  r.refcountAdd(i, counter)
}
/** A reference to something that may be dying: false when it is dead, then it must not be used. */
export function refcount_inc_not_zero(counter: Counter): boolean {
  return r.refcountAddNotZero(1, counter)
}
export function refcount_add_not_zero(i: number, counter: Counter): boolean {
  return r.refcountAddNotZero(i, counter)
}
/** Drops a reference; true when it was the last one: the caller now frees the object. */
export function refcount_dec_and_test(counter: Counter): boolean {
  return r.refcountSubAndTest(1, counter)
}
export function refcount_sub_and_test(i: number, counter: Counter): boolean {
  return r.refcountSubAndTest(i, counter)
}
/** Drops a reference that cannot be the last one. */
export function refcount_dec(counter: Counter): void {
  r.refcountDec(counter)
}
/** 1 to 0 only; true when it did that. */
export function refcount_dec_if_one(counter: Counter): boolean {
  return r.refcountDecIfOne(counter)
}
/** Drops a reference unless it is the last one, when it answers false. */
export function refcount_dec_not_one(counter: Counter): boolean {
  return r.refcountDecNotOne(counter)
}

export { refcount_dec_and_lock_irqsave } from './spinlock'
export const refcount_inc_not_zero_acquire = refcount_inc_not_zero
export const refcount_add_not_zero_acquire = refcount_add_not_zero
export const refcount_set_release = refcount_set
