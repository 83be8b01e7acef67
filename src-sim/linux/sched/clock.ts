import { machine } from '../../engine/current'
import { quiet } from '../../kernel/api'

/** Nanoseconds since boot, for measuring: `linux/sched/clock`. */
export const sched_clock = quiet((): number => machine().nowNs)
export const local_clock = sched_clock
