import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import { hidden } from '../../engine/object'
import { service } from '../../engine/service'
import { physOf, type page } from './page'
import { physicalMemory } from './physical'
import { slab } from './slab'

/**
 * Areas of addresses that are not those of the memory behind them. What the simulated kernel has
 * for an address is a view of bytes, so an area is known by the bytes that it begins with.
 */
class Areas {
  /** First address of the memory behind an area, and how many bytes that is. */
  readonly live = new Map<number, number>()

  holds(at: number): boolean {
    for (const [start, bytes] of this.live) if (at >= start && at < start + bytes) return true
    return false
  }
}

const areas = service(() => new Areas())

const placeOf = (address: Uint8Array): number | null => physicalMemory(machine()).addressOf(address)

export function allocArea(size: number, zero: boolean): Uint8Array | null {
  const m = machine()
  const bytes = slab(m).allocBytes(size, zero)
  const at = bytes === null ? null : placeOf(bytes)
  if (at !== null) areas(m).live.set(at, Math.ceil(size / PAGE_SIZE) * PAGE_SIZE)
  return bytes
}

export function freeArea(address: Uint8Array): void {
  slab(machine()).free(address)
}

export const isArea = (address: Uint8Array): boolean => {
  if ((hidden(address) as { $mapped?: true }).$mapped) return true
  const at = placeOf(address)
  return at !== null && areas(machine()).holds(at)
}

/**
 * One address for pages that follow each other in memory: what is written there is in the pages.
 * Pages in any other order cannot be one view, so there is no address for them.
 */
export function mapPages(pages: page[]): Uint8Array | null {
  const first = pages[0]
  if (!first || pages.some((p, i) => p.$pfn !== first.$pfn + i)) return null
  const view = physicalMemory(machine()).view(physOf(first), pages.length * PAGE_SIZE)
  if (view !== null) (view as { $mapped?: true }).$mapped = true
  return view
}

export function unmapPages(address: Uint8Array): void {
  if (!slab(machine()).poison) return
  const at = placeOf(address) ?? 0
  hidden(address).$dead = {
    object: address,
    address: at,
    bytes: address.length,
    cache: 'vmap',
    pages: 0,
    physical: null,
    allocated: { context: '', pid: 0, cpu: 0, timeNs: 0, step: 0, frames: [] },
    freed: null,
    module: '',
  }
}
