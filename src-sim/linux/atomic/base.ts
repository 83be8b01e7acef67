import { quiet } from '../../kernel/api'
import {
  AtomicCounter,
  change,
  fetch,
  load,
  loadAcquire,
  result,
  store,
  to32,
} from '../../kernel/locking/atomic'
import { releaseOn } from '../../kernel/locking/access'
import type { ptr } from '../types'

/**
 * Atomic counters: `linux/atomic`. Each call is one indivisible step, in any context. Calls that
 * answer a value (other than a plain read) order everything around them.
 */



/** A 32-bit counter that wraps. */
export class atomic_t extends AtomicCounter {}

/** The start value, for initialisers. */
export const ATOMIC_INIT = quiet(function ATOMIC_INIT(i: number): atomic_t {
  const v = new atomic_t()
  v.counter = i
  return v
})
export function atomic_read(v: atomic_t): number {
  return load(v)
}
export function atomic_read_acquire(v: atomic_t): number {
  return loadAcquire(v)
}
export function atomic_set(v: atomic_t, i: number): void {
  store(v, to32(i))
}
export function atomic_set_release(v: atomic_t, i: number): void {
  releaseOn(v)
  store(v, to32(i))
}
export function atomic_add(i: number, v: atomic_t): void {
  change(v, (old) => to32(old + i))
}
export function atomic_fetch_add(i: number, v: atomic_t): number {
  return fetch(v, (old) => to32(old + i))
}
/** The new value. */
export function atomic_add_return(i: number, v: atomic_t): number {
  return result(v, (old) => to32(old + i))
}
export function atomic_sub(i: number, v: atomic_t): void {
  change(v, (old) => to32(old - i))
}
export function atomic_fetch_sub(i: number, v: atomic_t): number {
  return fetch(v, (old) => to32(old - i))
}
/** The new value. */
export function atomic_sub_return(i: number, v: atomic_t): number {
  return result(v, (old) => to32(old - i))
}
export function atomic_and(i: number, v: atomic_t): void {
  change(v, (old) => to32(old & i))
}
export function atomic_fetch_and(i: number, v: atomic_t): number {
  return fetch(v, (old) => to32(old & i))
}
export function atomic_or(i: number, v: atomic_t): void {
  change(v, (old) => to32(old | i))
}
export function atomic_fetch_or(i: number, v: atomic_t): number {
  return fetch(v, (old) => to32(old | i))
}
export function atomic_xor(i: number, v: atomic_t): void {
  change(v, (old) => to32(old ^ i))
}
export function atomic_fetch_xor(i: number, v: atomic_t): number {
  return fetch(v, (old) => to32(old ^ i))
}
export function atomic_inc(v: atomic_t): void {
  change(v, (old) => to32(old + 1))
}
export function atomic_inc_return(v: atomic_t): number {
  return result(v, (old) => to32(old + 1))
}
export function atomic_fetch_inc(v: atomic_t): number {
  return fetch(v, (old) => to32(old + 1))
}
/** True when the new value is 0. */
export function atomic_inc_and_test(v: atomic_t): boolean {
  return result(v, (old) => to32(old + 1)) === 0
}
export function atomic_dec(v: atomic_t): void {
  change(v, (old) => to32(old - 1))
}
export function atomic_dec_return(v: atomic_t): number {
  return result(v, (old) => to32(old - 1))
}
export function atomic_fetch_dec(v: atomic_t): number {
  return fetch(v, (old) => to32(old - 1))
}
/** True when the new value is 0. */
export function atomic_dec_and_test(v: atomic_t): boolean {
  return result(v, (old) => to32(old - 1)) === 0
}
export function atomic_sub_and_test(i: number, v: atomic_t): boolean {
  return result(v, (old) => to32(old - i)) === 0
}
export function atomic_add_negative(i: number, v: atomic_t): boolean {
  return result(v, (old) => to32(old + i)) < 0
}
/** Stores `i` and answers what was there. */
export function atomic_xchg(v: atomic_t, i: number): number {
  return fetch(v, () => to32(i))
}
/** Stores `next` if `old` is there; answers what was there. */
export function atomic_cmpxchg(v: atomic_t, old: number, next: number): number {
  return fetch(v, (was) => (was === old ? to32(next) : was))
}
/** True when it stored `next`; else `old.value` becomes what is there. */
export function atomic_try_cmpxchg(v: atomic_t, old: ptr<number>, next: number): boolean {
  const was = fetch(v, (there) => (there === old.value ? to32(next) : there))
  const done = was === old.value
  old.value = was
  return done
}
/** Adds `a` unless `u` is there; true when it added. */
export function atomic_add_unless(v: atomic_t, a: number, u: number): boolean {
  return fetch(v, (old) => (old === u ? old : to32(old + a))) !== u
}
/** Adds `a` unless `u` is there; answers what was there. */
export function atomic_fetch_add_unless(v: atomic_t, a: number, u: number): number {
  return fetch(v, (old) => (old === u ? old : to32(old + a)))
}
export function atomic_inc_not_zero(v: atomic_t): boolean {
  return fetch(v, (old) => (old === 0 ? 0 : to32(old + 1))) !== 0
}
export function atomic_inc_unless_negative(v: atomic_t): boolean {
  return fetch(v, (old) => (old < 0 ? old : to32(old + 1))) >= 0
}
export function atomic_dec_unless_positive(v: atomic_t): boolean {
  return fetch(v, (old) => (old > 0 ? old : to32(old - 1))) <= 0
}
/** Lowers a positive value; answers the value less one, negative when it was left alone. */
export function atomic_dec_if_positive(v: atomic_t): number {
  return fetch(v, (old) => (old > 0 ? to32(old - 1) : old)) - 1
}
/** Clears the bits of `i`. */
export function atomic_andnot(i: number, v: atomic_t): void {
  change(v, (old) => to32(old & ~i))
}
export function atomic_fetch_andnot(i: number, v: atomic_t): number {
  return fetch(v, (old) => to32(old & ~i))
}
