import type { Cpu } from '../../engine/cpu'
import { HARDIRQ_MASK } from '../../engine/cpu'
import { machine as currentMachine, now } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { point, RELAX, spinOn, Suspend, type Sim } from '../../engine/suspend'
import { timer_expire_entry, timer_expire_exit } from '../../trace/events'
import { named } from '../api'
import { emit } from '../emit'
import { hardirq } from '../irq/hardirq'
import { memoryAccess } from '../mm/watch'
import { symbolOf } from '../printk/symbols'
import { warn } from '../printk/warn'
import { jiffies } from './clock'
import {
  raiseTimerSoftirq, timers, TIMER_IRQSAFE, type timer_function, type timer_list,
} from './timer'
import type { TimerBase } from './wheel'

/** The timer interrupt of a CPU. */
export const tick = named('tick_nohz_handler', function* (base: TimerBase): Sim {
  yield* hardirq(base, 'tick', function* () {
    raiseTimerSoftirq(base.cpu)
  })
})

/** Runs what is due on this CPU: pinned timers, then the rest, then deferrable ones. */
export const runTimerSoftirq = named('run_timer_softirq', function* (cpu: Cpu): Sim {
  const machine = currentMachine()
  const all = timers(machine)
  for (const base of all.bases(cpu)) {
    for (let due = collectDue(machine, base); due !== null; due = collectDue(machine, base))
      for (const bucket of due)
        while (bucket.length > 0) {
          const timer = bucket[0]!
          const fn = takeOff(machine, base, timer)
          if (fn !== null) {
            yield point(runTimerSoftirq, timer)
            yield callTimerFn(timer, fn)
          }
          base.running = null
          base.runningIn = null
          machine.unspin(timer)
        }
  }
  all.program(cpu)
})

function collectDue(machine: Machine, base: TimerBase): timer_list[][] | null {
  const time = jiffies(machine)
  return time >= base.clk && time >= base.nextExpiry ? base.collect() : null
}

/** Takes a timer off the wheel before its callback runs, so that it can arm itself again. */
function takeOff(machine: Machine, base: TimerBase, timer: timer_list): timer_function | null {
  memoryAccess(machine).touch(timer, 'function', false, '__run_timers')
  base.running = timer
  base.runningIn = now.exec
  base.remove(timer)
  timers(machine).on.deactivate.emit(timer)
  return timer.function
}

const callTimerFn = named('call_timer_fn', function* (timer: timer_list, fn: timer_function): Sim {
  const machine = currentMachine()
  const all = timers(machine)
  const cpu = now.cpu!
  const irqSafe = (timer.flags & TIMER_IRQSAFE) !== 0
  if (irqSafe) cpu.irqsOff = true
  const before = cpu.preemptCount
  all.on.start.emit(timer, fn)
  emit(timer_expire_entry, timer, fn, jiffies(machine))
  const more: unknown = fn(timer)
  if (more instanceof Suspend) yield more
  emit(timer_expire_exit, timer)
  all.on.end.emit(timer, fn)
  if (irqSafe) cpu.irqsOff = false
  if (cpu.preemptCount !== before) checkLeak(fn, before, cpu)
})

function checkLeak(fn: timer_function, before: number, cpu: Cpu): void {
  const machine = currentMachine()
  const { once } = timers(machine)
  const hex = (n: number): string => (n >>> 0).toString(16).padStart(8, '0')
  const text =
    `timer: ${symbolOf(machine, fn, true)} preempt leak: ${hex(before)} -> ${hex(cpu.preemptCount)}`
  cpu.preemptCount = before
  if (once.has('leak')) return
  once.add('leak')
  warn(machine, 'timer-preempt-leak', 'kernel/time/timer.c at call_timer_fn', text, {
    rules: ['TMR-12'],
  })
}

function warnHardirq(machine: Machine): void {
  const where = 'kernel/time/timer.c at __timer_delete_sync'
  warn(machine, 'timer-delete-sync-in-hardirq', where, null, { once: false, rules: ['TMR-06'] })
}

/**
 * timer_delete_sync and timer_shutdown_sync: repeats until the callback is not running. A callback
 * that waits for itself polls for ever, as in the kernel; others sleep on the CPU until it is over.
 */
export function* timerDeleteSync(timer: timer_list, shutdown: boolean): Sim<number> {
  const machine = currentMachine()
  const all = timers(machine)
  all.on.deleteSync.emit(timer)
  if (now.cpu && now.cpu.preemptCount & HARDIRQ_MASK && !(timer.flags & TIMER_IRQSAFE))
    warnHardirq(machine)
  for (;;) {
    const answer = all.tryDelete(timer, shutdown)
    if (answer >= 0) return answer
    const self = all.baseOf(timer).runningIn === now.exec
    yield self ? RELAX : spinOn(timer)
  }
}
