import { machine, now } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { call, spinOn, type Sim } from '../../engine/suspend'
import { mightSleep } from '../sched/schedule'
import { callOnCpus } from './ipi'

/** All CPUs at once: those that have come, those that are through, and what was answered. */
class Stopped extends KernelObject {
  arrived = 0
  through = 0
  result = 0
}

const meet = function* (stop: Stopped, reached: () => boolean): Sim {
  machine().unspin(stop)
  while (!reached()) yield spinOn(stop)
}

/**
 * Runs `fn` on the CPUs of a mask (none: on the first one) while all others stand still with
 * interrupts off. What it answered, an error before 0.
 */
export function* stopMachine(fn: () => unknown, mask: number): Sim<number> {
  mightSleep('cpus_read_lock')
  const { cpus } = machine()
  const stop = new Stopped()
  const wanted = mask || 1
  const body = function* (): Sim {
    stop.arrived++
    yield* meet(stop, () => stop.arrived === cpus.length)
    if ((wanted >>> now.cpu!.id) & 1) {
      const answer = Number((yield* call(fn)) ?? 0)
      if (answer) stop.result = answer
    }
    stop.through++
    yield* meet(stop, () => stop.through === cpus.length)
  }
  const all = cpus.reduce((bits, cpu) => bits | (1 << cpu.id), 0)
  yield* callOnCpus(all, body as never, null, true, true)
  return stop.result
}
