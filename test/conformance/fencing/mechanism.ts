import type { Sim } from '../../../src-sim/engine/suspend'
import { sim } from '../../sim/harness'

/** A callback of some mechanism, ready to be started and to be fenced. */
export interface Armed {
  /** Makes the callback run soon. */
  start(): Sim<unknown>
  fence(): Sim<unknown>
}

/** One row of the table: a mechanism with one call that fences it. */
export interface Mechanism {
  mechanism: string
  fence: string
  /** Sets it up; `callback` is the body of the function whose end is waited for. */
  make(callback: () => Sim): Sim<Armed>
  /** The callback may sleep. */
  sleeps: boolean
  /** A start can stand in a queue before the callback runs. */
  queues: boolean
}

/** How the callbacks of a mechanism run. */
export interface Nature {
  sleeps: boolean
  queues: boolean
}

export const SLEEPS: Nature = { sleeps: true, queues: true }
export const ATOMIC: Nature = { sleeps: false, queues: true }
/** Called by somebody's thread, here and now. */
export const CALLED: Nature = { sleeps: true, queues: false }
export const CALLED_ATOMIC: Nature = { sleeps: false, queues: false }

/** A function of driver code that may suspend, for where C has a plain pointer. */
export const gen = (f: unknown): never => f as never

export const armed = (start: () => unknown, fence: () => unknown): Armed => ({
  *start() {
    return yield* sim(start())
  },
  *fence() {
    return yield* sim(fence())
  },
})

/** The rows of one mechanism: the same set-up with one call after the other. */
export function rows<T>(
  mechanism: string,
  nature: Nature,
  setUp: (callback: () => Sim) => Sim<T>,
  start: (it: T) => unknown,
  fences: Record<string, (it: T) => unknown>,
): Mechanism[] {
  return Object.entries(fences).map(([fence, call]) => ({
    mechanism,
    fence,
    ...nature,
    *make(callback) {
      const it = yield* setUp(callback)
      return armed(() => start(it), () => call(it))
    },
  }))
}
