import { Hook } from '../../base/disposable'
import { currentTask, machine, now } from '../../engine/current'
import { operationName } from '../../engine/choice-key'
import { PREEMPT_OFFSET } from '../../engine/cpu'
import { TaskDeath, type Task, type TaskState } from '../../engine/exec'
import { service } from '../../engine/service'
import { SCHEDULE, type Sim } from '../../engine/suspend'
import { SimBug } from '../../base/assert'
import { wait_begin, wait_end } from '../../trace/events'
import { emit } from '../emit'
import { contextState } from './context'
import { signalPendingState } from './signal'
import { stateBits } from './states'

/**
 * Sleeping and waking as the rest of the kernel uses it: set a state, test the condition, call
 * `schedule()`; whoever makes the condition true calls `wakeUp`.
 */
/** What a task may run while others wait. */
const SLICE_NS = 3_000_000

class SchedHooks {
  /** A function that may sleep was called; checkers test the context (CTX rules). */
  readonly mightSleep = new Hook<[what: string]>()
  /** A task is about to give up its CPU because it has to wait. */
  readonly blocking = new Hook<[task: Task]>()
  /** Asks for the lines that list the locks a task holds, for reports of others. */
  readonly heldLocks = new Hook<[task: Task | null, lines: string[]]>()
  /** A system call (or a module's init function) is over: nothing may be held any more. */
  readonly returnToUser = new Hook<[task: Task]>()
  /** A kernel thread is about to end. */
  readonly taskExit = new Hook<[task: Task]>()
}

export const schedHooks = service(() => new SchedHooks())

/** Called first by everything that may sleep, whether or not it will: reports atomic callers. */
export function mightSleep(what: string): void {
  const { mightSleep: hook } = schedHooks(machine())
  if (hook.listened) hook.emit(what)
}

/**
 * The running task. An interrupt on an idle CPU that wants to sleep has none: the idle task must
 * not sleep, so the machine ends as Linux would.
 */
export function current(): Task {
  const task = currentTask()
  if (task !== null) return task
  const { exec, cpu } = now
  if (exec === null || cpu === null) throw new SimBug('no current task')
  machine().trouble.scheduleInAtomic(cpu, exec)
  throw new TaskDeath('the idle task went to sleep')
}

export function setCurrentState(state: TaskState): void {
  const task = current()
  task.state = state
  contextState(task).stateBits = 0
  if (state !== 'running') task.sleepSinceNs = machine().nowNs
}

/**
 * Gives up the CPU; comes back when woken, at once when the state is 'running' or when a signal
 * ends a sleep of this kind.
 */
export function* schedule(): Sim {
  const task = currentTask()
  if (task !== null && task.state !== 'running') {
    if (signalPendingState(stateBits(task), task)) {
      task.state = 'running'
      return
    }
    schedHooks(machine()).blocking.emit(task)
  }
  yield SCHEDULE
}

/** `schedule()` with words for those who look at the sleeper. */
export function* scheduleFor(object: object | null, what: string): Sim {
  const task = currentTask()
  if (task === null || task.state === 'running') {
    yield SCHEDULE
    return
  }
  task.waitsFor = what
  task.waitObject = object
  emit(wait_begin, object, what, task.state === 'interruptible')
  yield* schedule()
  task.waitsFor = null
  task.waitObject = null
  emit(wait_end, object, what, 0)
}

/** Sleeps until woken; spurious wake-ups are the caller's to handle. */
export function* sleepOn(object: object | null, what: string, state: TaskState): Sim {
  setCurrentState(state)
  yield* scheduleFor(object, what)
}

/** Lets other runnable tasks of this CPU go first. */
export function* yieldCpu(): Sim {
  const task = currentTask()
  if (task !== null) task.state = 'running'
  yield SCHEDULE
}

/**
 * Gives way to others where the kernel cannot be preempted anyway; answers 1 when it did. In the
 * preemptible models there is nothing to do.
 */
export function* condResched(): Sim<number> {
  mightSleep('cond_resched')
  const { cpu } = now
  const m = machine()
  if (cpu === null || m.preemption !== 'none' || cpu.preemptCount !== 0) return 0
  if (cpu.queue.length === 0 || !needResched()) return 0
  yield SCHEDULE
  return 1
}

/** A more urgent task waits, or another one does and the time slice is over. */
export function needResched(): boolean {
  const { cpu } = now
  if (cpu === null || cpu.queue.length === 0) return false
  const m = machine()
  const slice = m.timed ? SLICE_NS : 0
  return cpu.needResched || cpu.current === null || m.nowNs - cpu.current.sliceStartNs >= slice
}

export function wakeUp(task: Task): boolean {
  return machine().wake(task)
}

/** Sleeps for a span of virtual time (or less, when woken). Answers what is left of it. */
export function* scheduleTimeoutNs(ns: number, what: string, state: TaskState): Sim<number> {
  const m = machine()
  const task = current()
  const endNs = m.nowNs + ns
  const event = m.at(endNs, `wake ${task.comm}`, task, () => m.wake(task))
  yield* sleepOn(null, what, state)
  m.events.cancel(event)
  return Math.max(0, endNs - m.nowNs)
}

export function preemptDisable(): void {
  const { cpu } = now
  if (cpu !== null) cpu.preemptCount += PREEMPT_OFFSET
}

export function preemptEnable(): void {
  const { cpu } = now
  if (cpu !== null) cpu.preemptCount -= PREEMPT_OFFSET
}

/** The kernel function that lab code has called: the innermost frame of a report made in it. */
export function kernelFunction(fallback: string): string {
  return (now.exec && operationName(now.exec.operation)) || fallback
}

/** Tasks that wait for one thing, first come first served. The simplest way to block. */
export class WaitList {
  readonly tasks: Task[] = [];

  /** Sleeps until `wakeAll` or `wakeOne` reaches this task and `done()` holds. */
  *waitUntil(done: () => boolean, object: object | null, what: string): Sim {
    while (!done()) {
      const task = current()
      this.tasks.push(task)
      yield* sleepOn(object, what, 'uninterruptible')
      const at = this.tasks.indexOf(task)
      if (at >= 0) this.tasks.splice(at, 1)
    }
  }

  wakeAll(): void {
    for (const task of this.tasks.splice(0)) wakeUp(task)
  }

  wakeOne(): void {
    const task = this.tasks.shift()
    if (task) wakeUp(task)
  }
}
