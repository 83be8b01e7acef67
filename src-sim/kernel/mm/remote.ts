import type { Sim } from '../../engine/suspend'
import type { mm_struct } from './mm-struct'
import { readMemory, writeMemory } from './user-access'

/** Reads or writes memory of another program; how many bytes that worked for. */
export function* accessRemote(
  mm: mm_struct | null, address: number, buffer: Uint8Array, length: number, write: boolean,
): Sim<number> {
  if (mm === null) return 0
  const bytes = buffer.subarray(0, length)
  const { done } = write
    ? yield* writeMemory(mm, address, bytes)
    : yield* readMemory(mm, address, bytes)
  return done
}
