import { kernelCall, quiet } from '../kernel/api'
import { live } from '../kernel/live'
import { currentTask, machine } from '../engine/current'
import type { Sim } from '../engine/suspend'
import { ensure } from '../base/assert'
import {
  currentStruct,
  getTaskStruct,
  putTaskStruct,
  TASK_FLAGS,
  tryToWake,
  wakeUpProcess,
} from '../kernel/sched/task'
import type { task_struct as Task } from '../kernel/sched/task'
import {
  condResched,
  mightSleep,
  needResched,
  preemptDisable,
  preemptEnable,
  schedule as scheduleNow,
  yieldCpu,
} from '../kernel/sched/schedule'
import { raw_spinlock_t, spinIsContended, spinLock, spinUnlock } from '../kernel/locking/spinlock'
import { scheduleTimeout } from '../kernel/time/sleep'
import { setTaskState } from '../kernel/sched/states'
import * as states from '../kernel/sched/states'
import * as signals from '../kernel/sched/signal'
import {
  nonBlockEnd,
  nonBlockStart,
  setCpusAllowed,
  setFifo,
  setNice,
} from '../kernel/sched/policy'

/** Brought along, as by the C header. */
export * from './cpumask'
export * from './irqflags'
export * from './preempt'
export * from './refcount'
export * from './spinlock'

/** Tasks and the scheduler: `linux/sched`, with signals (C: `linux/sched/signal`). */

export { task_struct } from '../kernel/sched/task'
export {
  TASK_RUNNING,
  TASK_INTERRUPTIBLE,
  TASK_UNINTERRUPTIBLE,
  TASK_NORMAL,
  TASK_PARKED,
  TASK_DEAD,
  TASK_WAKEKILL,
  TASK_NOLOAD,
  TASK_KILLABLE,
  TASK_IDLE,
} from '../kernel/sched/states'
export { MAX_SCHEDULE_TIMEOUT } from '../kernel/time/clock'
export const TASK_COMM_LEN = 16

export const PF_EXITING = TASK_FLAGS.EXITING
export const PF_WQ_WORKER = TASK_FLAGS.WQ_WORKER
export const PF_MEMALLOC = TASK_FLAGS.MEMALLOC
export const PF_MEMALLOC_NOFS = TASK_FLAGS.MEMALLOC_NOFS
export const PF_KTHREAD = TASK_FLAGS.KTHREAD

export const SIGHUP = 1
export const SIGINT = 2
export const SIGQUIT = 3
export const SIGKILL = 9
export const SIGUSR1 = 10
export const SIGUSR2 = 12
export const SIGPIPE = 13
export const SIGALRM = 14
export const SIGTERM = 15
export const SIGCHLD = 17
export const SIGSTOP = 19
export const SIGIO = 29

/** The running task. */
export const current = live<Task>(currentStruct)
/** The running task, as a function. */
export const get_current = quiet(function get_current(): Task {
  return currentStruct()
})

/** Sets the state in which the next `schedule` sleeps; comes before the test of the condition. */
export const set_current_state = kernelCall('set_current_state', function (state: number): void {
  const task = ensure(currentTask(), 'set_current_state without a task')
  setTaskState(task, state, machine().nowNs, state === 0 ? null : 'set_current_state')
})
/** The same without a barrier: enough to go back to TASK_RUNNING. */
export const __set_current_state = kernelCall('__set_current_state', function (
  state: number,
): void {
  const task = ensure(currentTask(), '__set_current_state without a task')
  setTaskState(task, state, machine().nowNs, state === 0 ? null : '__set_current_state')
})

/** Gives up the CPU; returns when somebody has woken the task, at once in state TASK_RUNNING. */
export const schedule = kernelCall('schedule', scheduleNow)

function timeoutIn(name: string, state: number | null) {
  return kernelCall(name, function* (timeout: number): Sim<number> {
    const task = ensure(currentTask(), `${name} without a task`)
    if (state !== null) setTaskState(task, state, machine().nowNs, null)
    const left = yield* scheduleTimeout(timeout, null, name)
    setTaskState(task, states.TASK_RUNNING, 0, null)
    return left
  })
}
/** As `schedule`, for at most `timeout` jiffies, in the state set before. Answers what is left. */
export const schedule_timeout = timeoutIn('schedule_timeout', null)
export const schedule_timeout_interruptible = timeoutIn(
  'schedule_timeout_interruptible',
  states.TASK_INTERRUPTIBLE,
)
export const schedule_timeout_killable = timeoutIn('schedule_timeout_killable', states.TASK_KILLABLE)
export const schedule_timeout_uninterruptible = timeoutIn(
  'schedule_timeout_uninterruptible',
  states.TASK_UNINTERRUPTIBLE,
)
export const schedule_timeout_idle = timeoutIn('schedule_timeout_idle', states.TASK_IDLE)

/** Lets others run first; the task stays runnable. */
export const yield_ = kernelCall('yield', yieldCpu)
/** Lets a more urgent task run, where the kernel cannot be preempted anyway. May sleep. */
export const cond_resched = kernelCall('cond_resched', condResched)
/** Wakes a task out of any normal sleep. 1 when it was asleep. Any context. */
export const wake_up_process = kernelCall('wake_up_process', wakeUpProcess)
/** Wakes a task only out of one of the states in `state`. */
export const wake_up_state = kernelCall('wake_up_state', (task: Task, state: number): number =>
  tryToWake(task.$task, state) ? 1 : 0,
)

/** Keeps the structure (not the task) alive. Pair: `put_task_struct`. */
export const get_task_struct = kernelCall('get_task_struct', getTaskStruct)
export const put_task_struct = kernelCall('put_task_struct', putTaskStruct)

/** Reports callers in atomic context; everything that may sleep begins with it. */
export const might_sleep = kernelCall('might_sleep', () => mightSleep('might_sleep'))
export const might_sleep_if = kernelCall('might_sleep_if', (condition: unknown) => {
  if (condition) mightSleep('might_sleep')
})
/** Whoever sleeps until `non_block_end` is reported. Regions nest. */
export const non_block_start = kernelCall('non_block_start', nonBlockStart)
export const non_block_end = kernelCall('non_block_end', nonBlockEnd)

/** Whether an interruptible sleep would end at once. */
export const signal_pending = kernelCall('signal_pending', (task: Task): number =>
  signals.signalPending(task.$task) ? 1 : 0,
)
export const fatal_signal_pending = kernelCall('fatal_signal_pending', (task: Task): number =>
  signals.fatalSignalPending(task.$task) ? 1 : 0,
)
export const signal_pending_state = kernelCall(
  'signal_pending_state',
  (state: number, task: Task): number => (signals.signalPendingState(state, task.$task) ? 1 : 0),
)
/** Sends a signal; a kernel thread gets it only after `allow_signal`. */
export const send_sig = kernelCall('send_sig', (sig: number, task: Task, _priv: number): number =>
  signals.sendSignal(task.$task, sig),
)
/** Lets a kernel thread receive this signal. */
export const allow_signal = kernelCall('allow_signal', (sig: number): void =>
  signals.allowSignal(ensure(currentTask(), 'no current task'), sig, true),
)
export const disallow_signal = kernelCall('disallow_signal', (sig: number): void =>
  signals.allowSignal(ensure(currentTask(), 'no current task'), sig, false),
)
/** Forgets all pending signals of the task. */
export const flush_signals = kernelCall('flush_signals', (task: Task): void =>
  signals.flushSignals(task.$task),
)
/** Takes one pending signal of a kernel thread; 0 when there is none. */
export const kernel_dequeue_signal = kernelCall('kernel_dequeue_signal', (): number =>
  signals.takeSignal(ensure(currentTask(), 'no current task')),
)

/** Where the task may run: a bit mask of CPUs. 0 or -EINVAL. */
export const set_cpus_allowed_ptr = kernelCall('set_cpus_allowed_ptr', setCpusAllowed)
export { cpumask_of } from './cpumask'
/** Makes the task a realtime one: it runs before all normal tasks. */
export const sched_set_fifo = kernelCall('sched_set_fifo', (task: Task) => setFifo(task, 50))
export const sched_set_fifo_low = kernelCall('sched_set_fifo_low', (task: Task) => setFifo(task, 1))
/** Back to a normal task with a nice value. */
export const sched_set_normal = kernelCall('sched_set_normal', setNice)
export const set_user_nice = kernelCall('set_user_nice', setNice)
/** The CPU a task runs or last ran on. */
export const task_cpu = quiet(function task_cpu(task: Task): number {
  return task.$task.cpu.id
})
export const task_pid_nr = quiet(function task_pid_nr(task: Task): number {
  return task.pid
})

/** Whether others wait for this CPU with more right to it. */
export const need_resched = kernelCall('need_resched', (): boolean => needResched())
/** Gives `lock` up for a moment when others wait for it or for the CPU; 1 when it did. */
export const cond_resched_lock = kernelCall('cond_resched_lock', function* (
  lock: raw_spinlock_t,
): Sim<number> {
  if (!spinIsContended(lock) && !needResched()) return 0
  spinUnlock(lock)
  yield* condResched()
  const wait = spinLock(lock)
  if (wait) yield* wait
  return 1
})
/** As `schedule`, counted as waiting for I/O. */
export const io_schedule = kernelCall('io_schedule', scheduleNow)
export const io_schedule_timeout = schedule_timeout
/** `schedule` for callers with preemption off once. */
export const schedule_preempt_disabled = kernelCall('schedule_preempt_disabled', function* (): Sim {
  preemptEnable()
  yield* scheduleNow()
  preemptDisable()
})
/** As `set_current_state`, for states that wake-ups must not overwrite by chance. */
export const set_special_state = set_current_state
export const get_current_state = quiet((): number => currentStruct().__state)
/** Copies the task's name; answers the buffer's text. */
export const get_task_comm = quiet((_buf: unknown, task: Task): string => task.comm)
export const task_is_running = quiet((task: Task): boolean => task.__state === 0)
export const task_nice = quiet((task: Task): number => task.$task.priority - 120)
export const task_tgid_nr = quiet((task: Task): number => task.tgid)
export const task_pid_vnr = task_pid_nr
/** Sends a signal to the running task. */
export const force_sig = kernelCall('force_sig', (sig: number): void => {
  signals.sendSignal(ensure(currentTask(), 'no current task'), sig)
})
