import { call, type Sim } from '../../engine/suspend'
import { kernelCall } from '../../kernel/api'
import { currentProcess } from '../../kernel/fs/process'
import { FaultSignal, raiseFault } from '../../kernel/mm/fault-signal'
import { decodeNumber, encodeNumber } from '../../kernel/mm/uaccess'
import { readMemory, writeMemory } from '../../kernel/mm/user-access'

/**
 * What a program does with memory it has mapped: `user/memory`. A program that touches what it
 * must not ends as by SIGSEGV (exit code 139), or by SIGBUS (135) where nothing can be behind a
 * mapping, unless it asked for the signal with `catch_fault`.
 */

function* get(at: number, size: number): Sim<Uint8Array> {
  const process = currentProcess()
  const bytes = new Uint8Array(size)
  const { done, failed } = yield* readMemory(process.mm!, at, bytes)
  if (failed) raiseFault(process, failed, at + done)
  return bytes
}

function* put(at: number, bytes: Uint8Array): Sim {
  const process = currentProcess()
  const { done, failed } = yield* writeMemory(process.mm!, at, bytes)
  if (failed) raiseFault(process, failed, at + done)
}

const loads = (name: string, size: number) =>
  kernelCall(name, function* (mapping: number, offset: number = 0): Sim<number> {
    return decodeNumber(yield* get(mapping + offset, size))
  })
const stores = (name: string, size: number) =>
  kernelCall(name, function* (mapping: number, offset: number, value: number): Sim {
    yield* put(mapping + offset, encodeNumber(value, size))
  })

/** Reads `*(uint8_t *)(mapping + offset)`. */
export const load8 = loads('load8', 1)
export const load16 = loads('load16', 2)
/** Reads `*(uint32_t *)(mapping + offset)`. */
export const load32 = loads('load32', 4)
export const load64 = loads('load64', 8)
/** Writes `*(uint8_t *)(mapping + offset) = value`. */
export const store8 = stores('store8', 1)
export const store16 = stores('store16', 2)
/** Writes `*(uint32_t *)(mapping + offset) = value`. */
export const store32 = stores('store32', 4)
export const store64 = stores('store64', 8)

type Place = number | Uint8Array

/** Fills memory; answers its address. */
export const memset = kernelCall('memset', function* <P extends Place>(
  to: P, value: number, n: number,
): Sim<P> {
  if (typeof to !== 'number') (to as Uint8Array).fill(value, 0, n)
  else yield* put(to, new Uint8Array(n).fill(value))
  return to
}) as <P extends Place>(to: P, value: number, n: number) => P

function* bytesOf(from: Place | string, n: number): Sim<Uint8Array> {
  if (typeof from === 'number') return yield* get(from, n)
  return typeof from === 'string'
    ? Uint8Array.from(`${from}\0`, (c) => c.charCodeAt(0)).subarray(0, n)
    : from.subarray(0, n)
}

/** Copies between addresses and buffers, in any combination; answers the destination. */
export const memcpy = kernelCall('memcpy', function* <P extends Place>(
  to: P, from: Place | string, n: number,
): Sim<P> {
  const bytes = yield* bytesOf(from, n)
  if (typeof to === 'number') yield* put(to, bytes)
  else (to as Uint8Array).set(bytes)
  return to
}) as <P extends Place>(to: P, from: Place | string, n: number) => P

/** 0 when both are the same, else the sign of the first difference. */
export const memcmp = kernelCall('memcmp', function* (
  a: Place | string, b: Place | string, n: number,
): Sim<number> {
  const x = yield* bytesOf(a, n)
  const y = yield* bytesOf(b, n)
  const at = x.findIndex((byte, i) => byte !== y[i])
  return at < 0 ? 0 : x[at]! < y[at]! ? -1 : 1
})

/** Writes a text with its end. */
export const strcpy = kernelCall('strcpy', function* (to: number, text: string): Sim<number> {
  yield* put(to, Uint8Array.from(`${text}\0`, (c) => c.charCodeAt(0)))
  return to
})

/**
 * Runs something that may touch what it must not, as a handler with `siglongjmp` makes possible:
 * 0, or the number of the signal that ended it (SIGSEGV 11, SIGBUS 7).
 */
export const catch_fault = kernelCall('catch_fault', function* (body: () => unknown): Sim<number> {
  const process = currentProcess()
  process.catching++
  try {
    yield* call(body)
    return 0
  } catch (thrown) {
    if (thrown instanceof FaultSignal) return thrown.signal
    throw thrown
  } finally {
    process.catching--
  }
})
export const SIGBUS = 7
export const SIGSEGV = 11
