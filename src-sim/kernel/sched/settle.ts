import { now } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import type { Sim } from '../../engine/suspend'
import { scheduleTimeoutNs } from './schedule'

const SETTLE_NS = 10_000_000_000
const SETTLE_STEP_NS = 10_000_000
/** Steps that the waiting itself takes in one round. */
const OWN_STEPS = 8

/** Waits until nothing is queued, armed or running any more, or for ten seconds of virtual time. */
export function* settle(machine: Machine): Sim {
  const end = machine.nowNs + SETTLE_NS
  let step = SETTLE_STEP_NS
  while (machine.nowNs < end) {
    const before = machine.steps
    yield* scheduleTimeoutNs(step, 'for the machine to come to rest', 'interruptible')
    const calm = !machine.events.busy && machine.steps - before < OWN_STEPS
    if (calm && !othersMayRun(machine)) return
    step = Math.min(step * 2, SETTLE_NS / 4)
  }
}

/** A schedule may leave somebody behind who could have moved all the time. */
function othersMayRun(machine: Machine): boolean {
  machine.touchCpus()
  return machine.cpus.some(
    (cpu) =>
      cpu.interrupts.length > 0 || cpu.queue.length > 0 || cpu.stack.some((e) => e !== now.exec),
  )
}
