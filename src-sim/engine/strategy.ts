import type { Footprint } from './footprint'
import type { Transition } from './transition'
import type { Machine } from './machine'

/**
 * Decides which enabled transition happens next. `enabled[0]` is always the one that changes least
 * (the running context goes on), so that choosing 0 throughout is the calm schedule.
 */
export interface Strategy {
  readonly name: string
  /** Timed runs never choose: they follow virtual time. */
  readonly timed: boolean
  /** Called only where `count > 1`; answers an index below `count`. */
  pick(enabled: readonly Transition[], count: number, machine: Machine): number
  /** Told of a transition that was the only one possible. */
  forced?(only: Transition, machine: Machine): void
  /** Wants to know what each transition touches: its own record, one for each run. */
  readonly footprint?: Footprint
}

/** By virtual time with costs like a real machine's: the default. */
export const fair: Strategy = { name: 'fair', timed: true, pick: () => 0 }
