import type { Sim } from '../../engine/suspend'
import { currentMm } from './current-mm'
import { readMemory, transferNoFault } from './user-access'

/** Texts of programs: at addresses of theirs, in buffers, or plain strings. */

/** The bytes of something that is not an address; a string has a zero behind it. */
export function userBytes(p: unknown): Uint8Array | null {
  if (p instanceof Uint8Array) return p
  return typeof p === 'string' ? Uint8Array.from(`${p}\0`, (c) => c.charCodeAt(0)) : null
}

/** The bytes behind a user pointer up to the first zero; null where there is nothing. */
export function* textAt(from: unknown, limit: number): Sim<Uint8Array | null> {
  if (typeof from !== 'number') return userBytes(from)
  const mm = currentMm()
  if (mm === null) return null
  const text = new Uint8Array(limit)
  for (let i = 0; i < limit; i++) {
    const byte = text.subarray(i, i + 1)
    const there = transferNoFault(mm, from + i, byte, false)
    if (!there && (yield* readMemory(mm, from + i, byte)).failed) return null
    if (byte[0] === 0) return text.subarray(0, i + 1)
  }
  return text
}
