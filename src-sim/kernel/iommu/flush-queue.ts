import { machine, now } from '../../engine/current'
import { iotlb_flush } from '../../trace/events'
import { emit } from '../emit'
import { jiffies, msecsToJiffies } from '../time/clock'
import { timer_list, timers } from '../time/timer'
import type { iommu_domain } from './domain'
import type { IovaDomain } from './iova'

const RING = 256
const TIMEOUT_MS = 10

/** An unmapped range whose translation may still be cached somewhere. */
interface Queued {
  pfn: number
  pages: number
  /** How many flushes had begun when it was queued. */
  counter: number
}

/**
 * Lazy invalidation (IOMMU-21): what is unmapped waits in the ring of its CPU, and becomes free
 * for others only when a flush that began later is over. Until then devices that hold a
 * translation still reach the old page.
 */
export class FlushQueue {
  readonly #domain: iommu_domain
  readonly #iova: IovaDomain
  readonly #rings: Queued[][] = []
  readonly #timer = new timer_list()
  #started = 0
  #finished = 0
  #timerOn = false
  #dead = false

  constructor(domain: iommu_domain, iova: IovaDomain) {
    this.#domain = domain
    this.#iova = iova
    timers(machine()).setup(this.#timer, () => this.#timeout(), 0)
  }

  add(pfn: number, pages: number): void {
    const cpu = now.cpu?.id ?? 0
    const ring = (this.#rings[cpu] ??= [])
    this.#reap(ring)
    if (ring.length === RING - 1) {
      this.#flush()
      this.#reap(ring)
    }
    ring.push({ pfn, pages, counter: this.#started })
    if (this.#timerOn) return
    this.#timerOn = true
    const m = machine()
    timers(m).modify(this.#timer, jiffies(m) + msecsToJiffies(m, TIMEOUT_MS))
  }

  /** The domain goes: what waits is of no interest any more. */
  destroy(): void {
    this.#dead = true
    timers(machine()).delete(this.#timer, false)
    this.#rings.length = 0
  }

  #flush(): void {
    this.#started++
    const flush = this.#domain.ops?.flush_iotlb_all
    if (flush) machine().runtime.atomic(flush(this.#domain))
    emit(iotlb_flush, this.#domain, 0, 0, true)
    this.#finished++
  }

  #reap(ring: Queued[]): void {
    let count = 0
    while (count < ring.length && ring[count]!.counter < this.#finished) count++
    for (const { pfn, pages } of ring.splice(0, count)) this.#iova.free(pfn, pages)
  }

  #timeout(): void {
    this.#timerOn = false
    if (this.#dead) return
    this.#flush()
    for (const ring of this.#rings) if (ring) this.#reap(ring)
  }
}
