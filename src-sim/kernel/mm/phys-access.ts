import type { PhysAddr } from '../../base/units'
import { machine } from '../../engine/current'
import { allOnes, busSpace } from '../platform/bus-space'
import { physicalMemory } from './physical'

/** Memory or registers by physical address, as a CPU reaches them through a mapping. */

const REGISTER_SIZES = [1, 2, 4, 8]

/** Fills the buffer; where nothing answers it gets ones. */
export function readPhysical(at: number, to: Uint8Array): void {
  const bytes = physicalMemory(machine()).view(at as PhysAddr, to.length)
  if (bytes) {
    to.set(bytes)
    return
  }
  const region = busSpace(machine()).find(at)
  const size = REGISTER_SIZES.includes(to.length) ? to.length : 1
  for (let i = 0; i < to.length; i += size) {
    const answers = region?.answers() ?? false
    const value = answers ? region!.read(at + i - region!.start, size) : allOnes(size)
    for (let b = 0; b < size; b++) to[i + b] = Math.floor(value / 2 ** (8 * b)) & 0xff
  }
}

export function writePhysical(at: number, from: Uint8Array): void {
  const bytes = physicalMemory(machine()).view(at as PhysAddr, from.length)
  if (bytes) {
    bytes.set(from)
    return
  }
  const region = busSpace(machine()).find(at)
  if (!region?.answers()) return
  const size = REGISTER_SIZES.includes(from.length) ? from.length : 1
  for (let i = 0; i < from.length; i += size) {
    let value = 0
    for (let b = size - 1; b >= 0; b--) value = value * 256 + from[i + b]!
    region.write(at + i - region.start, size, value)
  }
}
