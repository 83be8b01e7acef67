import { machine as currentMachine, now } from '../../engine/current'
import { symbolOf } from '../printk/symbols'
import { report } from '../report'
import { contextState } from '../sched/context'
import { schedHooks } from '../sched/schedule'
import type { work_func_t } from './structs'

/** What a work function must leave as it found it. */
export interface Depths {
  preempt: number
  locks: number
  rcu: number
}

const LOCK_LINE = /^ #\d+: /

/** Lines about the locks that the running task holds; none without a lock checker. */
function heldLines(): string[] {
  const hook = schedHooks(currentMachine()).heldLocks
  const lines: string[] = []
  if (hook.listened) hook.emit(now.cpu!.current, lines)
  return lines
}

export const depthsNow = (): Depths => ({
  preempt: now.cpu!.preemptCount,
  locks: heldLines().filter((line) => LOCK_LINE.test(line)).length,
  rcu: contextState(now.exec!).rcuDepth,
})

/** Compares after a work function; nothing is repaired (WQ-11). */
export function checkLeak(before: Depths, fn: work_func_t): void {
  const after = depthsNow()
  if (after.preempt === 0 && after.locks === before.locks && after.rcu === before.rcu) return
  const machine = currentMachine()
  const task = now.cpu!.current!
  const preempt = (after.preempt >>> 0).toString(16).padStart(8, '0')
  report(machine, {
    kind: 'workqueue.leaked-atomic',
    title: `BUG: workqueue leaked atomic, lock or RCU: ${task.comm}[${task.pid}]`,
    details: [
      `     preempt=0x${preempt} lock=${before.locks}->${after.locks} ` +
        `RCU=${before.rcu}->${after.rcu} workfn=${symbolOf(machine, fn, false)}`,
      ...heldLines(),
    ],
    rules: ['WQ-11'],
  })
}
