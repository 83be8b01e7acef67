import { MS } from '../../base/units'
import { machine } from '../../engine/current'
import type { TimedEvent } from '../../engine/events'
import type { Machine } from '../../engine/machine'

const SIZES = 6
const MAGAZINE = 127
const DEPOT_DELAY_NS = 100 * MS

/** What one CPU keeps of one size: the newest is handed out first. */
interface CpuCache {
  loaded: number[]
  previous: number[]
}

/** Freed ranges of one size. */
class SizeCache {
  readonly cpus: CpuCache[] = []
  /** Full magazines that no CPU has. */
  readonly depot: number[][] = []
  trim: TimedEvent | null = null

  cpu(id: number): CpuCache {
    return (this.cpus[id] ??= { loaded: [], previous: [] })
  }
}

const orderOf = (size: number): number => {
  let order = 0
  while (2 ** order < size) order++
  return order
}

/**
 * Keeps what is freed for whoever asks next on the same CPU: two magazines for each CPU and size,
 * and a depot behind them. What lies here is still taken, as far as the domain knows.
 */
export class RangeCaches {
  readonly #sizes = new Map<number, SizeCache>()
  readonly #giveBack: (pfn: number) => void

  constructor(giveBack: (pfn: number) => void) {
    this.#giveBack = giveBack
  }

  /** A range of this size that begins at `limit` or below; 0: there is none. */
  take(cpuId: number, size: number, limit: number): number {
    const cache = this.#sizes.get(orderOf(size))
    if (!cache) return 0
    const cpu = cache.cpu(cpuId)
    if (cpu.loaded.length === 0) {
      if (cpu.previous.length > 0) [cpu.loaded, cpu.previous] = [cpu.previous, cpu.loaded]
      else cpu.loaded = cache.depot.pop() ?? cpu.loaded
    }
    return pop(cpu.loaded, limit)
  }

  /** False when it is too large for the caches. */
  put(cpuId: number, size: number, pfn: number): boolean {
    const order = orderOf(size)
    if (order >= SIZES) return false
    let cache = this.#sizes.get(order)
    if (!cache) this.#sizes.set(order, (cache = new SizeCache()))
    const cpu = cache.cpu(cpuId)
    if (cpu.loaded.length === MAGAZINE) {
      if (cpu.previous.length < MAGAZINE) [cpu.loaded, cpu.previous] = [cpu.previous, cpu.loaded]
      else {
        cache.depot.push(cpu.loaded)
        cpu.loaded = []
        this.#scheduleTrim(cache)
      }
    }
    cpu.loaded.push(pfn)
    return true
  }

  /** Everything goes back to the domain. */
  flush(): void {
    for (const cache of this.#sizes.values()) {
      for (const cpu of cache.cpus)
        for (const magazine of [cpu?.loaded, cpu?.previous])
          for (const pfn of magazine?.splice(0) ?? []) this.#giveBack(pfn)
      for (const magazine of cache.depot.splice(0)) for (const pfn of magazine) this.#giveBack(pfn)
    }
  }

  stop(m: Machine): void {
    for (const cache of this.#sizes.values()) if (cache.trim) m.events.cancel(cache.trim)
  }

  /** One magazine each time, while there are more of them than CPUs. */
  #scheduleTrim(cache: SizeCache): void {
    if (cache.trim !== null) return
    const m = machine()
    cache.trim = m.atBackground(m.nowNs + DEPOT_DELAY_NS, 'iova depot', () => {
      cache.trim = null
      if (cache.depot.length <= m.cpus.length) return
      for (const pfn of cache.depot.pop()!) this.#giveBack(pfn)
      this.#scheduleTrim(cache)
    })
  }
}

/** The newest that is low enough; the last one takes its place. */
function pop(magazine: number[], limit: number): number {
  for (let i = magazine.length - 1; i >= 0; i--) {
    const pfn = magazine[i]!
    if (pfn > limit) continue
    magazine[i] = magazine[magazine.length - 1]!
    magazine.length--
    return pfn
  }
  return 0
}
