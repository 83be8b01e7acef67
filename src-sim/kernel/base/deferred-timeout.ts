import { machine } from '../../engine/current'
import type { TimedEvent } from '../../engine/events'

const DEFAULT_SECONDS = 10
const NS_PER_SECOND = 1_000_000_000

/**
 * How long deferred probes may wait for their suppliers after boot; each driver that registers
 * starts the time anew (DM-25). Nothing is armed while no device waits.
 */
export class DeferredTimeout {
  #seconds = DEFAULT_SECONDS
  #endNs = DEFAULT_SECONDS * NS_PER_SECOND
  #event: TimedEvent | null = null
  readonly #expired: () => void

  constructor(expired: () => void) {
    this.#expired = expired
  }

  set(seconds: number): void {
    this.#seconds = seconds
    this.#endNs = seconds * NS_PER_SECOND
  }

  /** Nobody waits any longer for what is not there. */
  get over(): boolean {
    return this.#seconds > 0 && machine().nowNs >= this.#endNs
  }

  /** A driver came: its devices may be what others wait for. */
  extend(): void {
    if (this.#seconds === 0 || this.over) return
    this.#endNs = machine().nowNs + this.#seconds * NS_PER_SECOND
  }

  /** Somebody waits. */
  arm(): void {
    if (this.#seconds === 0 || this.over || this.#event !== null) return
    this.#event = machine().atBackground(this.#endNs, 'deferred_probe_timeout_work', () => {
      this.#event = null
      if (this.over) this.#expired()
      else this.arm()
    })
  }
}
