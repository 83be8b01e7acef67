import { machine as currentMachine, now } from '../engine/current'
import type { Machine } from '../engine/machine'
import { contextState, type ContextState } from '../kernel/sched/context'
import { schedHooks } from '../kernel/sched/schedule'
import { stateBits, TASK_RUNNING } from '../kernel/sched/states'
import { report, resolveFrame, takeStack } from '../kernel/report'
import { warn } from '../kernel/printk/warn'
import { preemptibleRcu } from '../kernel/rcu/tree'
import { rcuSleepCheck } from '../kernel/rcu/update'
import { NO_POSITION } from '../engine/position'

const RATE_NS = 1_000_000_000

/** Where the kernel's own functions make the check. */
const PLACES: [RegExp, string][] = [
  [/^mutex_|^rcu_barrier$/, 'kernel/locking/mutex.c:591'],
  [/^down_(read|write)/, 'kernel/locking/rwsem.c:1540'],
  [/^down/, 'kernel/locking/semaphore.c:58'],
  [/^ww_mutex/, 'kernel/locking/mutex.c:591'],
  [/^percpu_down/, './include/linux/percpu-rwsem.h:49'],
  [/^wait_for_completion/, 'kernel/sched/completion.c:101'],
  [/^synchronize_rcu/, 'kernel/rcu/tree.c:3296'],
  [/srcu/, 'kernel/rcu/srcutree.c:1390'],
  [/^(flush|cancel|drain|destroy)_/, 'kernel/workqueue.c:4270'],
  [/^kthread_/, 'kernel/kthread.c:1400'],
  [/^(k|v)[mzcv]?[a-z]*alloc|^kmemdup|^vmalloc|alloc$/, './include/linux/sched/mm.h:321'],
]

/**
 * Calls that may sleep where sleeping is forbidden, whether or not they would have slept this
 * time: DEBUG_ATOMIC_SLEEP.
 */
export function attachAtomicSleep(machine: Machine): void {
  let lastNs = -RATE_NS
  let stateWarned = false
  schedHooks(machine).mightSleep.add((what) => {
    const { cpu, exec } = now
    if (cpu === null || exec === null) return
    const state = contextState(cpu.current ?? exec)
    if (!stateWarned) stateWarned = wrongState(machine, state)
    rcuSleepCheck('kernel/sched/core.c')
    const depth = preemptibleRcu(machine) ? contextState(exec).rcuDepth : 0
    const atomic = cpu.preemptCount !== 0 || cpu.irqsOff || depth !== 0 || state.nonBlock > 0
    if (!atomic && cpu.current !== null) return
    if (machine.nowNs - lastNs < RATE_NS) return
    lastNs = machine.nowNs
    sleepingInAtomic(machine, what, state, depth)
  })
}

/** A blocking call between setting the state and `schedule` forgets the state. */
function wrongState(machine: Machine, state: ContextState): boolean {
  const task = now.cpu?.current
  if (!task || stateBits(task) === TASK_RUNNING || state.stateSetAt === null) return false
  warn(
    machine,
    'blocking-op-in-wait',
    'kernel/sched/core.c at __might_sleep',
    `do not call blocking ops when !TASK_RUNNING; state=${stateBits(task).toString(16)} set at ` +
      `[<0000000000000000>] ${state.stateSetAt}+0x0/0x10`,
    {
      rules: ['CTX-07'],
      help: 'atomic-context',
    },
  )
  return true
}

function placeOf(machine: Machine, what: string): string {
  const known = PLACES.find(([pattern]) => pattern.test(what))
  if (known) return known[1]
  const { p } = currentMachine().runtime
  if (p === NO_POSITION) return `kernel/${what}.c:1`
  const frame = resolveFrame(machine, p)
  return `${frame.file ?? what}:${frame.line}`
}

function sleepingInAtomic(
  machine: Machine,
  what: string,
  state: ContextState,
  depth: number,
): void {
  const cpu = now.cpu!
  const task = cpu.current
  const held: string[] = []
  schedHooks(machine).heldLocks.emit(task, held)
  const flag = (b: boolean): number => (b ? 1 : 0)
  report(machine, {
    kind: 'sleep.in-atomic',
    title: `BUG: sleeping function called from invalid context at ${placeOf(machine, what)}`,
    details: [
      `in_atomic(): ${flag(cpu.preemptCount !== 0)}, irqs_disabled(): ${flag(cpu.irqsOff)}, ` +
        `non_block: ${state.nonBlock}, pid: ${task?.pid ?? 0}, name: ${task?.comm ?? `swapper/${cpu.id}`}`,
      `preempt_count: ${(cpu.preemptCount >>> 0).toString(16)}, expected: 0`,
      `RCU nest depth: ${depth}, expected: 0`,
      ...held,
    ],
    at: takeStack(machine, now.exec, what === 'might_sleep' ? '' : what),
    rules: [depth > 0 ? 'CTX-09' : 'CTX-08'],
    help: 'atomic-context',
  })
}
