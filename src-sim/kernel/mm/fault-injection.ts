import { machine } from '../../engine/current'
import { NO_POSITION, type Position } from '../../engine/position'
import { service } from '../../engine/service'
import { fault_injected } from '../../trace/events'
import { emit } from '../emit'

/**
 * Makes the Nth call that can fail do so: the way to walk every error path of a probe function.
 * Counting starts when the scenario arms it and covers all kinds of fallible calls together.
 */
export class FaultInjection {
  /** 1 = the next fallible call; 0 = off. */
  failAt = 0
  /** Fallible calls met so far. */
  calls = 0
  /** What was made to fail, when it happened. */
  failed: string | null = null
  /** From where it was called. */
  failedAt: Position = NO_POSITION

  shouldFail(what: string): boolean {
    this.calls++
    if (this.failAt === 0 || this.calls !== this.failAt) return false
    this.failed = what
    this.failedAt = machine().runtime.p
    emit(fault_injected, what, this.calls)
    return true
  }
}

export const faultInjection = service(() => new FaultInjection())
