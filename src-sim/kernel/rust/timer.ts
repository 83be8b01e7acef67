import { SimBug } from '../../base/assert'
import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { call, point, type Sim } from '../../engine/suspend'
import { kernelCall, named } from '../api'
import { hrtimer, HRTIMER_NORESTART, HRTIMER_RESTART, hrtimers } from '../time/hrtimer'
import { hrtimerCancel } from '../time/hrtimer-run'
import { clockOffsetNs, CLOCK_MONOTONIC } from '../time/clock'
import { keepFor, type Arc } from './boxes'
import { dropNow, Owned } from './drop'
import { ArcBorrow, memberOf } from './pointers'

/** `HrTimerRestart`. */
export const HrTimerRestart = { NoRestart: HRTIMER_NORESTART, Restart: HRTIMER_RESTART } as const

/** What a callback may do to its own timer. */
export class HrTimerCallbackContext {
  readonly #timer: hrtimer

  /** @internal */
  constructor(timer: hrtimer) {
    this.#timer = timer
  }

  /** Moves the expiry on by whole intervals until it lies ahead; answers how many. */
  forward_now(intervalNs: number): number {
    const nowNs = machine().nowNs + clockOffsetNs(this.#timer.$clock)
    return hrtimers(machine()).forward(this.#timer, nowNs, intervalNs)
  }
}

export type HrTimerRun<T> = (this_: ArcBorrow<T>, context: HrTimerCallbackContext) => number

/** `kernel::time::hrtimer::HrTimer`: the field that makes a structure startable. */
export class HrTimer extends KernelObject {
  /** The timer as C sees it. @internal */
  readonly timer = new hrtimer()
  /** @internal What the running callback is lent. */
  $pointer: Arc<object> | null = null

  /** @internal */
  constructor(name: string, run: HrTimerRun<never>, mode: number) {
    super()
    const callback = (() => fire(this, run)) as unknown as (timer: hrtimer) => number
    Object.defineProperty(callback, 'name', { value: name })
    hrtimers(machine()).setup(this.timer, callback, CLOCK_MONOTONIC, mode)
    this.#mode = mode
  }
  readonly #mode: number

  /** Arms the timer of a structure, `expiresNs` from now; the handle owns the `Arc`. */
  static start<T extends object>(
    pointer: Arc<T>, expiresNs: number, timer?: HrTimer,
  ): ArcHrTimerHandle<T> {
    const own = timer ?? memberOf(pointer.value, HrTimer)
    if (!own) throw new SimBug(`${pointer.$rustName} has no HrTimer field`)
    return startTimer(own, pointer, expiresNs, own.#mode) as ArcHrTimerHandle<T>
  }

  /** Arms it for the time of `body` only: cancelled and waited for, however that is left. */
  static start_scoped<T extends object, R>(
    pointer: Arc<T>, expiresNs: number, body: () => R, timer?: HrTimer,
  ): R {
    const own = timer ?? memberOf(pointer.value, HrTimer)
    if (!own) throw new SimBug(`${pointer.$rustName} has no HrTimer field`)
    return startScoped(own, pointer.clone(), expiresNs, own.#mode, body) as R
  }
}

const startTimer = kernelCall('HrTimerPointer::start', function* (
  own: HrTimer, pointer: Arc<object>, expiresNs: number, mode: number,
): Sim<ArcHrTimerHandle<object>> {
  const mine = pointer.$move()
  yield point(startTimer, own.timer)
  own.$pointer = mine
  keepFor(mine, own.timer, 'handle of a timer')
  hrtimers(machine()).start(own.timer, expiresNs, 0, mode)
  return new ArcHrTimerHandle(mine, own)
})

const startScoped = kernelCall('ScopedHrTimerPointer::start_scoped', function* (
  own: HrTimer, pointer: Arc<object>, expiresNs: number, mode: number, body: () => unknown,
): Sim<unknown> {
  own.$pointer = pointer
  hrtimers(machine()).start(own.timer, expiresNs, 0, mode)
  try {
    return yield* call(body)
  } finally {
    yield* cancel(own)
    yield* dropNow(pointer)
  }
})

function* fire(own: HrTimer, run: HrTimerRun<never>): Sim<number> {
  const context = new HrTimerCallbackContext(own.timer)
  const borrow = new ArcBorrow(own.$pointer!.$inner)
  return Number((yield* call(() => run(borrow as never, context))) ?? HRTIMER_NORESTART)
}
named('HrTimerCallback::run', fire)

/**
 * `ArcHrTimerHandle`: an armed timer. Its drop cancels, waits for a running callback, and gives the
 * `Arc` back. Others may have handles of the same timer, and may arm it again meanwhile.
 */
export class ArcHrTimerHandle<T> extends Owned {
  /** @internal */
  readonly $arc: Arc<T>
  /** @internal */
  readonly $timer: HrTimer

  /** @internal */
  constructor(arc: Arc<T>, timer: HrTimer) {
    super()
    this.$arc = arc
    this.$timer = timer
  }

  override get $rustName(): string {
    return 'ArcHrTimerHandle'
  }

  /** Disarms and waits; whether it was armed. Never from its own callback. */
  cancel(): boolean {
    this.$live()
    return cancelCall(this.$timer)
  }

  /** @internal */
  override *$drop(): Sim {
    yield* cancel(this.$timer)
    yield* dropNow(this.$arc)
  }
}

function* cancel(own: HrTimer): Sim<boolean> {
  yield point(cancel, own.timer)
  return (yield* hrtimerCancel(own.timer)) > 0
}
const cancelCall = kernelCall('HrTimerHandle::cancel', cancel)
