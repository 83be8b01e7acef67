import { quiet } from '../../kernel/api'
import {
  and64,
  AtomicCounter,
  change,
  fetch,
  load,
  loadAcquire,
  or64,
  result,
  store,
  to64,
  xor64,
} from '../../kernel/locking/atomic'
import { releaseOn } from '../../kernel/locking/access'
import type { ptr } from '../types'

/**
 * Atomic counters: the 64-bit half of `linux/atomic`. Each call is one indivisible step, in any
 * context. Calls that answer a value (other than a plain read) order everything around them.
 */

/** A 64-bit counter (exact up to 53 bits here). */
export class atomic64_t extends AtomicCounter {}

/** The start value, for initialisers. */
export const ATOMIC64_INIT = quiet(function ATOMIC64_INIT(i: number): atomic64_t {
  const v = new atomic64_t()
  v.counter = i
  return v
})
export function atomic64_read(v: atomic64_t): number {
  return load(v)
}
export function atomic64_read_acquire(v: atomic64_t): number {
  return loadAcquire(v)
}
export function atomic64_set(v: atomic64_t, i: number): void {
  store(v, to64(i))
}
export function atomic64_set_release(v: atomic64_t, i: number): void {
  releaseOn(v)
  store(v, to64(i))
}
export function atomic64_add(i: number, v: atomic64_t): void {
  change(v, (old) => to64(old + i))
}
export function atomic64_fetch_add(i: number, v: atomic64_t): number {
  return fetch(v, (old) => to64(old + i))
}
/** The new value. */
export function atomic64_add_return(i: number, v: atomic64_t): number {
  return result(v, (old) => to64(old + i))
}
export function atomic64_sub(i: number, v: atomic64_t): void {
  change(v, (old) => to64(old - i))
}
export function atomic64_fetch_sub(i: number, v: atomic64_t): number {
  return fetch(v, (old) => to64(old - i))
}
/** The new value. */
export function atomic64_sub_return(i: number, v: atomic64_t): number {
  return result(v, (old) => to64(old - i))
}
export function atomic64_and(i: number, v: atomic64_t): void {
  change(v, (old) => and64(old, i))
}
export function atomic64_fetch_and(i: number, v: atomic64_t): number {
  return fetch(v, (old) => and64(old, i))
}
export function atomic64_or(i: number, v: atomic64_t): void {
  change(v, (old) => or64(old, i))
}
export function atomic64_fetch_or(i: number, v: atomic64_t): number {
  return fetch(v, (old) => or64(old, i))
}
export function atomic64_xor(i: number, v: atomic64_t): void {
  change(v, (old) => xor64(old, i))
}
export function atomic64_fetch_xor(i: number, v: atomic64_t): number {
  return fetch(v, (old) => xor64(old, i))
}
export function atomic64_inc(v: atomic64_t): void {
  change(v, (old) => to64(old + 1))
}
export function atomic64_inc_return(v: atomic64_t): number {
  return result(v, (old) => to64(old + 1))
}
export function atomic64_fetch_inc(v: atomic64_t): number {
  return fetch(v, (old) => to64(old + 1))
}
/** True when the new value is 0. */
export function atomic64_inc_and_test(v: atomic64_t): boolean {
  return result(v, (old) => to64(old + 1)) === 0
}
export function atomic64_dec(v: atomic64_t): void {
  change(v, (old) => to64(old - 1))
}
export function atomic64_dec_return(v: atomic64_t): number {
  return result(v, (old) => to64(old - 1))
}
export function atomic64_fetch_dec(v: atomic64_t): number {
  return fetch(v, (old) => to64(old - 1))
}
/** True when the new value is 0. */
export function atomic64_dec_and_test(v: atomic64_t): boolean {
  return result(v, (old) => to64(old - 1)) === 0
}
export function atomic64_sub_and_test(i: number, v: atomic64_t): boolean {
  return result(v, (old) => to64(old - i)) === 0
}
export function atomic64_add_negative(i: number, v: atomic64_t): boolean {
  return result(v, (old) => to64(old + i)) < 0
}
/** Stores `i` and answers what was there. */
export function atomic64_xchg(v: atomic64_t, i: number): number {
  return fetch(v, () => to64(i))
}
/** Stores `next` if `old` is there; answers what was there. */
export function atomic64_cmpxchg(v: atomic64_t, old: number, next: number): number {
  return fetch(v, (was) => (was === old ? to64(next) : was))
}
/** True when it stored `next`; else `old.value` becomes what is there. */
export function atomic64_try_cmpxchg(v: atomic64_t, old: ptr<number>, next: number): boolean {
  const was = fetch(v, (there) => (there === old.value ? to64(next) : there))
  const done = was === old.value
  old.value = was
  return done
}
/** Adds `a` unless `u` is there; true when it added. */
export function atomic64_add_unless(v: atomic64_t, a: number, u: number): boolean {
  return fetch(v, (old) => (old === u ? old : to64(old + a))) !== u
}
/** Adds `a` unless `u` is there; answers what was there. */
export function atomic64_fetch_add_unless(v: atomic64_t, a: number, u: number): number {
  return fetch(v, (old) => (old === u ? old : to64(old + a)))
}
export function atomic64_inc_not_zero(v: atomic64_t): boolean {
  return fetch(v, (old) => (old === 0 ? 0 : to64(old + 1))) !== 0
}
export function atomic64_inc_unless_negative(v: atomic64_t): boolean {
  return fetch(v, (old) => (old < 0 ? old : to64(old + 1))) >= 0
}
export function atomic64_dec_unless_positive(v: atomic64_t): boolean {
  return fetch(v, (old) => (old > 0 ? old : to64(old - 1))) <= 0
}
/** Lowers a positive value; answers the value less one, negative when it was left alone. */
export function atomic64_dec_if_positive(v: atomic64_t): number {
  return fetch(v, (old) => (old > 0 ? to64(old - 1) : old)) - 1
}

/** Clears the bits of `i`. */
export function atomic64_andnot(i: number, v: atomic64_t): void {
  change(v, (old) => xor64(old, and64(old, i)))
}
export function atomic64_fetch_andnot(i: number, v: atomic64_t): number {
  return fetch(v, (old) => xor64(old, and64(old, i)))
}
