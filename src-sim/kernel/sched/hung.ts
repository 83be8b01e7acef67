import type { Exec, Task } from '../../engine/exec'
import type { Machine } from '../../engine/machine'
import { blockerLine, describeWait, holderOf } from '../locking/holders'
import { report, takeStack, traceLines, type ReportStack } from '../report'
import { contextState } from './context'
import { TASK_NOLOAD, TASK_WAKEKILL } from './states'

const RELEASE = '7.2.13'

/** Sleeps in a way that the hung-task check looks at. */
export const countsAsHung = (task: Task): boolean =>
  !task.finished &&
  task.state === 'uninterruptible' &&
  task.waitsFor !== 'first wake-up' &&
  (contextState(task).stateBits & (TASK_WAKEKILL | TASK_NOLOAD)) === 0

function holderStack(task: Task): Exec | null {
  const holder = holderOf(task.waitObject)
  return holder !== null && holder !== task && !holder.finished ? holder : null
}

/** The report of khungtaskd about one task. */
export function reportHungTask(machine: Machine, task: Task, seconds: number): void {
  const blocker = blockerLine(task)
  const holder = holderStack(task)
  const stacks: ReportStack[] = []
  const tail: string[] = []
  if (blocker !== null) tail.push(blocker)
  if (holder !== null) {
    const stack = takeStack(machine, holder)
    stacks.push({ role: 'held by', stack })
    tail.push(`task:${holder.name}`, 'Call Trace:', ...traceLines(machine, stack))
  }
  report(machine, {
    kind: 'hung-task',
    title: `INFO: task ${task.comm}:${task.pid} blocked for more than ${seconds} seconds.`,
    details: [
      `      Not tainted ${RELEASE}`,
      '"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.',
      `task:${task.comm} state:D pid:${task.pid}, waits for ${describeWait(machine, task)}`,
    ],
    tail,
    stacks,
    objects: task.waitObject === null ? [] : [task.waitObject],
    at: takeStack(machine, task),
    help: 'deadlocks',
  })
}

/** A context that spins for something that nobody will give back. */
export function reportSpinning(machine: Machine, exec: Exec): void {
  const { cpu } = exec
  const holder = holderOf(exec.spinningOn)
  const who = holder === null ? 'nobody' : holder === exec ? 'this very context' : holder.name
  const title = cpu.irqsOff
    ? `watchdog: CPU${cpu.id}: Watchdog detected hard LOCKUP on cpu ${cpu.id}`
    : `watchdog: BUG: soft lockup - CPU#${cpu.id} stuck for 22s! [${exec.name}:${cpu.current?.pid ?? 0}]`
  report(machine, {
    kind: 'deadlock',
    title,
    details: [`${exec.name} spins for ${describeWait(machine, exec)}, held by ${who}`],
    objects: exec.spinningOn === null ? [] : [exec.spinningOn],
    stacks:
      holder !== null && holder !== exec && !holder.finished
        ? [{ role: 'held by', stack: takeStack(machine, holder) }]
        : [],
    at: takeStack(machine, exec),
    help: 'deadlocks',
  })
}
