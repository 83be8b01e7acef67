import { now } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { EFAULT } from '../errno'
import { contextState } from '../sched/context'
import { currentMm } from './current-mm'
import { readMemory, TASK_SIZE, transferNoFault, writeMemory } from './user-access'
import { bytesOfStruct, structFromBytes } from './layout'

/**
 * Memory of a program as the kernel reaches it. A user pointer is an address of mapped memory (a
 * number), or something of the program's own: a buffer of bytes, a structure (an object with plain
 * members) or a `ptr`. Null is where nothing is.
 */

const LOWEST = 0x1000

const isPlace = (p: unknown): p is object => p !== null && typeof p === 'object'

/** Whether the range can belong to a program at all. */
export function accessOk(p: unknown, size: number): boolean {
  return typeof p === 'number' ? p >= 0 && p + size <= TASK_SIZE : isPlace(p)
}

/** No program has anything at the lowest addresses. */
const reachable = (at: number, size: number): boolean => at >= LOWEST && accessOk(at, size)

/** Faults are not taken: the context must not sleep, or has said so. */
function noFaults(): boolean {
  const { exec, cpu } = now
  if (exec === null || cpu === null) return true
  return cpu.preemptCount !== 0 || contextState(exec).pagefaultsOff > 0
}

/** Copies `count` bytes (or the members of a structure); how much could NOT be copied. */
export function copyUser(to: unknown, from: unknown, count: number): number | Sim<number> {
  if (typeof from === 'number') return isPlace(to) ? copyIn(to, from, count) : count
  if (typeof to === 'number') return isPlace(from) ? copyOut(to, from, count) : count
  if (!isPlace(to) || !isPlace(from)) return count
  if (to instanceof Uint8Array && from instanceof Uint8Array) {
    const n = Math.min(count, to.length, from.length)
    to.set(from.subarray(0, n))
    return count - n
  }
  if (to instanceof Uint8Array || from instanceof Uint8Array) return count
  copyMembers(to as Record<string, unknown>, from as Record<string, unknown>)
  return 0
}

/** The same for callers that may sleep. */
export function* copyUserFaulting(to: unknown, from: unknown, count: number): Sim<number> {
  const left = copyUser(to, from, count)
  return typeof left === 'number' ? left : yield* left
}

/** What could not be read is zero for the kernel. */
function copyIn(to: object, from: number, count: number): number | Sim<number> {
  const bytes = to instanceof Uint8Array ? to.subarray(0, count) : new Uint8Array(count)
  const done = (n: number): number => {
    bytes.fill(0, n)
    if (!(to instanceof Uint8Array)) structFromBytes(to, bytes)
    return count - n
  }
  const mm = currentMm()
  if (mm === null || !reachable(from, count)) return done(0)
  const there = transferNoFault(mm, from, bytes, false)
  if (there === bytes.length || noFaults()) return done(there)
  return (function* (): Sim<number> {
    return done((yield* readMemory(mm, from, bytes)).done)
  })()
}

function copyOut(to: number, from: object, count: number): number | Sim<number> {
  const mm = currentMm()
  if (mm === null || !reachable(to, count)) return count
  const bytes = from instanceof Uint8Array ? from.subarray(0, count) : bytesOfStruct(from, count)
  const there = transferNoFault(mm, to, bytes, true)
  if (there === bytes.length || noFaults()) return count - there
  return (function* (): Sim<number> {
    return count - (yield* writeMemory(mm, to, bytes)).done
  })()
}

function copyMembers(to: Record<string, unknown>, from: Record<string, unknown>): void {
  for (const key of Object.keys(from)) {
    if (key.charCodeAt(0) === 36) continue
    const value = from[key]
    if (typeof value === 'function') continue
    const old = to[key]
    if (isPlace(value) && isPlace(old) && !Array.isArray(value)) {
      if (value instanceof Uint8Array && old instanceof Uint8Array)
        old.set(value.subarray(0, old.length))
      else copyMembers(old as Record<string, unknown>, value as Record<string, unknown>)
    } else to[key] = Array.isArray(value) ? [...(value as unknown[])] : value
  }
}

function encode(value: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  let rest = BigInt.asUintN(64, BigInt(Math.trunc(value)))
  for (let i = 0; i < size; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn)
  return bytes
}

const decode = (bytes: Uint8Array): number =>
  Number(bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n))

/** `put_user`: stores a value behind a user pointer, of `size` bytes there. 0 or -EFAULT. */
export function putUser(value: number, to: unknown, size: number): number | Sim<number> {
  if (typeof to === 'number') return outcome(copyOut(to, encode(value, size), size))
  if (!isPlace(to)) return -EFAULT
  if (to instanceof Uint8Array) to[0] = value
  else (to as { value: unknown }).value = value
  return 0
}

/** `get_user`: 0 or -EFAULT. */
export function getUser(out: { value: unknown }, from: unknown, size: number): number | Sim<number> {
  if (typeof from === 'number') {
    const bytes = new Uint8Array(size)
    return outcome(copyIn(bytes, from, size), () => (out.value = decode(bytes)))
  }
  if (!isPlace(from)) {
    out.value = 0
    return -EFAULT
  }
  out.value = from instanceof Uint8Array ? from[0]! : (from as { value: unknown }).value
  return 0
}

function outcome(left: number | Sim<number>, then = (): unknown => 0): number | Sim<number> {
  const end = (n: number): number => {
    then()
    return n ? -EFAULT : 0
  }
  if (typeof left === 'number') return end(left)
  return (function* (): Sim<number> {
    return end(yield* left)
  })()
}

export { decode as decodeNumber, encode as encodeNumber }
