import { KernelObject } from '../../engine/object'
import { acquireOn, markAccess, releaseOn } from './access'

/** What all atomic types are: a number that is only changed in one piece. */
export class AtomicCounter extends KernelObject {
  counter = 0
}

export const to32 = (n: number): number => n | 0
/** Numbers beyond 53 bits are not exact here; wrapping never happens in practice. */
export const to64 = (n: number): number => n

/** The bits of a 64-bit counter: JavaScript's own operators would cut them to 32. */
export const and64 = (a: number, b: number): number => signed64(BigInt(a) & BigInt(b))
export const or64 = (a: number, b: number): number => signed64(BigInt(a) | BigInt(b))
export const xor64 = (a: number, b: number): number => signed64(BigInt(a) ^ BigInt(b))
const signed64 = (bits: bigint): number => Number(BigInt.asIntN(64, bits))

type Change = (old: number) => number

export function load(v: AtomicCounter): number {
  markAccess(v, 'counter', false)
  return v.counter
}

export function loadAcquire(v: AtomicCounter): number {
  acquireOn(v)
  return load(v)
}

export function store(v: AtomicCounter, i: number): void {
  markAccess(v, 'counter', true)
  v.counter = i
}

/** Without an answer: no order is promised. */
export function change(v: AtomicCounter, f: Change): void {
  markAccess(v, 'counter', true)
  v.counter = f(v.counter)
}

/** Answers the old value; a full barrier. */
export function fetch(v: AtomicCounter, f: Change): number {
  markAccess(v, 'counter', true)
  acquireOn(v)
  const old = v.counter
  v.counter = f(old)
  releaseOn(v)
  return old
}

/** Answers the new value; a full barrier. */
export function result(v: AtomicCounter, f: Change): number {
  fetch(v, f)
  return v.counter
}
