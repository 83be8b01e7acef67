import type { Cpu } from '../../engine/cpu'
import { machine as currentMachine, now } from '../../engine/current'
import { call, point, RELAX, spinOn, type Sim } from '../../engine/suspend'
import { hrtimer_expire_entry, hrtimer_expire_exit } from '../../trace/events'
import { named } from '../api'
import { emit } from '../emit'
import { hardirq } from '../irq/hardirq'
import { HRTIMER_SOFTIRQ, softirqs } from '../irq/softirq'
import { memoryAccess } from '../mm/watch'
import { clockOffsetNs } from './clock'
import {
  HRTIMER_RESTART, hrtimers, monotonicSoftExpiry,
  type hrtimer, type HrtimerBase, type hrtimer_function,
} from './hrtimer'

const ROUNDS_MAX = 3
const HANG_MAX_NS = 100_000_000

/** The clock-event interrupt of a CPU. */
export const hrtimerInterrupt = named('hrtimer_interrupt', function* (base: HrtimerBase): Sim {
  yield* hardirq(base, 'hrtimer', () => interruptBody(base))
})

function* interruptBody(base: HrtimerBase): Sim {
  const machine = currentMachine()
  const all = hrtimers(machine)
  const entryNs = machine.nowNs
  const soft = all.soft(base.cpu)
  if (soft.next <= machine.nowNs) softirqs(machine).raise(HRTIMER_SOFTIRQ, base.cpu)
  for (let round = 0; round < ROUNDS_MAX; round++) {
    yield* runExpired(base, machine.nowNs)
    if (base.next > machine.nowNs) {
      all.program(base.cpu, soft.next <= machine.nowNs ? nextHard(base) : 0)
      return
    }
  }
  all.program(base.cpu, machine.nowNs + Math.min(machine.nowNs - entryNs, HANG_MAX_NS))
}

/** While the softirq is due, only hard timers need another interrupt. */
const nextHard = (base: HrtimerBase): number => base.next

export const runHrtimerSoftirq = named('hrtimer_run_softirq', function* (cpu: Cpu): Sim {
  const machine = currentMachine()
  const all = hrtimers(machine)
  yield* runExpired(all.soft(cpu), machine.nowNs)
  all.program(cpu)
})

/** Runs everything that may run by `untilNs`, including what is re-armed into the past. */
function* runExpired(base: HrtimerBase, untilNs: number): Sim {
  const machine = currentMachine()
  const all = hrtimers(machine)
  for (;;) {
    const timer = base.queue[0]
    if (!timer || monotonicSoftExpiry(timer) > untilNs) return
    memoryAccess(machine).touch(timer, 'function', false, '__run_hrtimer')
    const fn = timer.$function!
    base.running = timer
    base.runningIn = now.exec
    base.remove(timer)
    all.on.deactivate.emit(timer)
    yield point(hrtimerInterrupt, timer)
    const again = (yield callHrtimerFn(timer, fn)) as number
    if (again === HRTIMER_RESTART) {
      memoryAccess(machine).touch(timer, 'expires', false, '__run_hrtimer')
      if (!timer.$queued) all.enqueue(timer, base)
    }
    base.running = null
    base.runningIn = null
    machine.unspin(timer)
  }
}

const callHrtimerFn = named(
  '__run_hrtimer',
  function* (timer: hrtimer, fn: hrtimer_function): Sim<number> {
    const machine = currentMachine()
    const all = hrtimers(machine)
    all.on.start.emit(timer, fn)
    emit(hrtimer_expire_entry, timer, fn, machine.nowNs + clockOffsetNs(timer.$clock))
    const again = yield* call(() => fn(timer))
    emit(hrtimer_expire_exit, timer)
    all.on.end.emit(timer, fn)
    return again
  },
)

/** hrtimer_cancel: repeats until the callback is not running. */
export function* hrtimerCancel(timer: hrtimer): Sim<number> {
  const all = hrtimers(currentMachine())
  all.on.cancel.emit(timer)
  for (;;) {
    const answer = all.tryCancel(timer)
    if (answer >= 0) return answer
    const self = timer.$base!.runningIn === now.exec
    yield self ? RELAX : spinOn(timer)
  }
}
