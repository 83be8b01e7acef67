import type { Cpu } from '../../engine/cpu'
import type { Exec } from '../../engine/exec'
import type { timer_list } from './timer'

/**
 * The timer wheel: nine levels of 64 buckets, each level eight times as coarse as the one before.
 * A timer stays in the bucket it was put in, so it fires late (never early) by up to one unit of
 * its level. Names and arithmetic follow the kernel's, on which the order of expiry depends.
 */
const LEVEL_SHIFT = 3
const LEVEL_STEP = 1 << LEVEL_SHIFT
const LEVEL_SIZE = 64
const LEVELS = 9

/** Units of a level in jiffies. */
const granularity = (level: number): number => LEVEL_STEP ** level
/** The nearest distance that goes to a level (above 0). */
const levelStart = (level: number): number => (LEVEL_SIZE - 1) * granularity(level - 1)
const CUTOFF = levelStart(LEVELS)
const TIMEOUT_MAX = CUTOFF - granularity(LEVELS - 1)

export interface Slot {
  index: number
  expiry: number
}

function slotAt(expires: number, level: number): Slot {
  const unit = granularity(level)
  const rounded = Math.floor(expires / unit) + 1
  return { index: level * LEVEL_SIZE + (rounded % LEVEL_SIZE), expiry: rounded * unit }
}

/** The bucket for an expiry, as seen from the wheel's clock. */
export function slotFor(expires: number, clk: number): Slot {
  const distance = expires - clk
  if (distance < 0) return { index: clk % LEVEL_SIZE, expiry: clk }
  for (let level = 0; level < LEVELS - 1; level++)
    if (distance < levelStart(level + 1)) return slotAt(expires, level)
  const bounded = distance >= CUTOFF ? clk + TIMEOUT_MAX : expires
  return slotAt(bounded, LEVELS - 1)
}

export type BaseKind = 'local' | 'global' | 'deferrable'

/** One wheel of one CPU. Buckets are lists whose head is the timer armed last. */
export class TimerBase {
  readonly cpu: Cpu
  readonly kind: BaseKind
  clk: number
  nextExpiry = Infinity
  /** The timer whose callback runs, and the context it runs in. */
  running: timer_list | null = null
  runningIn: Exec | null = null
  readonly #buckets = new Map<number, timer_list[]>()

  constructor(cpu: Cpu, kind: BaseKind, clk: number) {
    this.cpu = cpu
    this.kind = kind
    this.clk = clk
  }

  /** Lets an idle wheel's clock catch up, so that distances are measured from now. */
  forward(jiffies: number): void {
    if (jiffies <= this.clk) return
    this.clk = this.nextExpiry > jiffies ? jiffies : this.nextExpiry
  }

  insert(timer: timer_list, slot: Slot): void {
    let bucket = this.#buckets.get(slot.index)
    if (!bucket) this.#buckets.set(slot.index, (bucket = []))
    bucket.unshift(timer)
    timer.$bucket = bucket
    timer.$slot = slot
    if (slot.expiry < this.nextExpiry) this.nextExpiry = slot.expiry
  }

  remove(timer: timer_list): void {
    const bucket = timer.$bucket!
    bucket.splice(bucket.indexOf(timer), 1)
    timer.$bucket = null
    if (bucket.length === 0 && this.#buckets.get(timer.$slot!.index) === bucket) {
      this.#buckets.delete(timer.$slot!.index)
      this.recalculate()
    }
  }

  recalculate(): void {
    this.nextExpiry = Infinity
    for (const bucket of this.#buckets.values()) {
      const expiry = bucket[0]!.$slot!.expiry
      if (expiry < this.nextExpiry) this.nextExpiry = expiry
    }
  }

  /** Takes the buckets that are due at the next expiry off the wheel, coarsest level first. */
  collect(): timer_list[][] {
    let clk = (this.clk = this.nextExpiry)
    const due: timer_list[][] = []
    for (let level = 0; level < LEVELS; level++) {
      const index = level * LEVEL_SIZE + (clk % LEVEL_SIZE)
      const bucket = this.#buckets.get(index)
      if (bucket) {
        this.#buckets.delete(index)
        due.unshift(bucket)
      }
      if (clk % LEVEL_STEP !== 0) break
      clk = Math.floor(clk / LEVEL_STEP)
    }
    this.clk++
    this.recalculate()
    return due
  }
}
