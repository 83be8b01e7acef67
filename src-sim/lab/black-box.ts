import type { Machine } from '../engine/machine'
import { lineOf, type Position } from '../engine/position'

/**
 * Where the lab's code was last seen, in memory that the host can still read when the worker has
 * died: [0] the position, [1] the length of the file's path, [2..] its characters.
 */
export const BLACK_BOX_WORDS = 258

const PATH = 2

export function noteSeen(box: Int32Array, at: Position, path: string): void {
  const length = Math.min(path.length, box.length - PATH)
  box[0] = at
  box[1] = length
  for (let i = 0; i < length; i++) box[PATH + i] = path.charCodeAt(i)
}

/** Notes now and then where a long loop of the lab is. */
export function watchLoops(machine: Machine, box: Int32Array | undefined): void {
  if (box === undefined) return
  machine.runtime.looping = (at) => {
    const file = machine.runtime.file(at)
    if (file) noteSeen(box, at, file.path)
  }
}

/** `driver.ts:12`, or null when nothing of the lab was seen. */
export function lastSeen(box: Int32Array): string | null {
  const length = box[1] ?? 0
  if (length === 0) return null
  return `${String.fromCharCode(...box.subarray(PATH, PATH + length))}:${lineOf(box[0] ?? 0)}`
}
