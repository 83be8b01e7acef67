import { kernelCall } from '../kernel/api'
import { RELAX } from '../engine/suspend'

/** Busy waiting: `linux/processor` (C: asm/processor.h). */

/** One turn of a loop that polls for something: lets time pass and others move. */
export const cpu_relax = kernelCall('cpu_relax', function* () {
  yield RELAX
})
