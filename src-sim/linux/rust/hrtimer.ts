import { quiet } from '../../kernel/api'
import { HrTimer as Timer, type HrTimerRun } from '../../kernel/rust/timer'
import { HRTIMER_MODE_ABS, HRTIMER_MODE_REL } from '../../kernel/time/hrtimer'

/** Timers of nanosecond resolution: `rust/hrtimer`. */
export {
  ArcHrTimerHandle, HrTimer, HrTimerCallbackContext, HrTimerRestart,
} from '../../kernel/rust/timer'
export { ArcBorrow } from '../../kernel/rust/pointers'

export const HrTimerMode = { Absolute: HRTIMER_MODE_ABS, Relative: HRTIMER_MODE_REL } as const

/**
 * The field of a structure that can be started. `run` is called in hardirq context:
 *
 *   class Demo { timer = new_hrtimer('Demo::run', Demo.run) }
 */
export const new_hrtimer = quiet(
  <T>(name: string, run: HrTimerRun<T>, mode: number = HRTIMER_MODE_REL): Timer =>
    new Timer(name, run as never, mode),
)
