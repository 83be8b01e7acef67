import type { Sim } from '../engine/suspend'
import { kernelCall } from '../kernel/api'
import { stopMachine } from '../kernel/irq/stop-machine'

/** Brought along, as by the C header. */
export * from './cpumask'
export * from './list'
export * from './smp'

/** Code that must have the machine for itself: `linux/stop_machine`. */

/**
 * Runs `fn(data)` on the CPUs of a mask (null: on one) while all other CPUs stand still; `fn` must
 * not sleep. What it answered. May sleep.
 */
export const stop_machine = kernelCall(
  'stop_machine',
  (fn: (data: any) => number, data: unknown, cpus: number | null): Sim<number> =>
    stopMachine(() => fn(data), Number(cpus ?? 0)),
)
