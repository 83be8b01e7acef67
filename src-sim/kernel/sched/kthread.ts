import { Hook } from '../../base/disposable'
import { cpu as thisCpu, machine } from '../../engine/current'
import { TaskDeath, type Exec, type Task } from '../../engine/exec'
import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import { call, type Sim } from '../../engine/suspend'
import { sched_kthread_stop, sched_kthread_stop_ret } from '../../trace/events'
import { frame, named } from '../api'
import { emit } from '../emit'
import { vsprintf } from '../printk/format'
import { warn } from '../printk/warn'
import { completion, complete, waitForCompletion } from './completion'
import { contextState } from './context'
import { EBUSY, EINTR, ENOSYS } from '../errno'
import { current, mightSleep, schedHooks, scheduleFor } from './schedule'
import { setTaskState, TASK_PARKED, TASK_RUNNING } from './states'
import {
  allocTaskStruct,
  bindTaskStruct,
  getTaskStruct,
  putTaskStruct,
  taskStruct,
  type task_struct,
} from './task'

const COMM_MAX = 15

/** What a kernel thread is besides a task. */
export class Kthread {
  readonly task: Task
  readonly fn: (data: never) => unknown
  readonly data: unknown
  shouldStop = false
  shouldPark = false
  /** The thread function has been entered. */
  started = false
  result = -EINTR
  /** CPU it belongs to when per-CPU, as made by kthread_create_on_cpu. */
  perCpu = -1
  readonly parked = new completion()
  readonly exited = new completion()

  constructor(task: Task, fn: (data: never) => unknown, data: unknown) {
    this.task = task
    this.fn = fn
    this.data = data
  }
}

class KthreadHooks {
  readonly on = {
    create: new Hook<[struct: task_struct, fn: (data: never) => unknown]>(),
    exit: new Hook<[task: Task]>(),
  }
}

export const kthreads = service(() => new KthreadHooks())

export const kthreadOf = (task: Task): Kthread | null =>
  contextState(task).kthread as Kthread | null

const kthreadMain = named('kthread', function* (box: { kthread: Kthread | null }): Sim<number> {
  const self = box.kthread!
  if (!self.shouldStop) {
    if (self.shouldPark) yield* parkme(self)
    self.started = true
    self.result = Number((yield* call(() => self.fn(self.data as never))) ?? 0)
  }
  return self.result
})

/** Ends the running kernel thread with a result, wherever it is. */
class ThreadExit extends TaskDeath {
  readonly result: number
  constructor(result: number) {
    super('kthread_exit')
    this.result = result
  }
}

/** Creates a kernel thread that waits to be woken for the first time; null without memory. */
export function createKthread(
  fn: (data: never) => unknown,
  data: unknown,
  format: string,
  args: readonly unknown[],
): task_struct | null {
  mightSleep('kthread_create')
  const m = machine()
  const struct = allocTaskStruct()
  if (struct === null) return null
  const box: { kthread: Kthread | null } = { kthread: null }
  const comm = vsprintf(m, format, args).slice(0, COMM_MAX)
  const task = m.spawn(comm, kthreadMain(box), { asleep: true })
  box.kthread = new Kthread(task, fn, data)
  contextState(task).kthread = box.kthread
  bindTaskStruct(struct, task)
  task.waitsFor = 'first wake-up'
  task.onExit = (exec) => exitKthread(m, box.kthread!, exec)
  kthreads(m).on.create.emit(struct, fn)
  return struct
}

function exitKthread(m: Machine, self: Kthread, exec: Exec): void {
  const { task } = self
  schedHooks(m).taskExit.emit(task)
  kthreads(m).on.exit.emit(task)
  if (exec.died && exitRequest.get(task) !== undefined) self.result = exitRequest.get(task)!
  taskStruct(task).exit_code = self.result
  task.state = 'dead'
  m.inside(() => {
    complete(self.parked)
    complete(self.exited)
    putTaskStruct(taskStruct(task))
  })
}

const exitRequest = new WeakMap<Task, number>()

/** `kthread_exit`: does not return. */
export function exitCurrentKthread(result: number): never {
  exitRequest.set(current(), result)
  throw new ThreadExit(result)
}

/** Binds a thread that has not run yet to one CPU. */
export function bindKthread(struct: task_struct, cpu: number): void {
  bindKthreadMask(struct, 1 << cpu)
}

/** The same for several CPUs. */
export function bindKthreadMask(struct: task_struct, mask: number): void {
  const task = struct.$task
  const kthread = kthreadOf(task)
  if (kthread === null || kthread.started || task.state === 'running') {
    warn(machine(), 'kthread-bind', 'kernel/kthread.c at __kthread_bind_mask', null)
    return
  }
  task.affinity = mask
  task.cpu = machine().cpus.find((cpu) => (mask >>> cpu.id) & 1)!
}

/** Asks the thread to stop, wakes it and waits for its end. Answers what its function returned. */
export function* stopKthread(struct: task_struct): Sim<number> {
  const m = machine()
  emit(sched_kthread_stop, struct.$task.id)
  getTaskStruct(struct)
  const kthread = kthreadOf(struct.$task)!
  kthread.shouldStop = true
  unpark(kthread)
  contextState(kthread.task).notifySignal = true
  m.wake(kthread.task)
  const wait = waitForCompletion(kthread.exited)
  if (wait) yield* wait
  emit(sched_kthread_stop_ret, kthread.result)
  putTaskStruct(struct)
  return kthread.result
}

export function* stopKthreadPut(struct: task_struct): Sim<number> {
  const result = yield* stopKthread(struct)
  putTaskStruct(struct)
  return result
}

function unpark(kthread: Kthread): void {
  if (!kthread.shouldPark) return
  kthread.shouldPark = false
  if (kthread.task.state === 'parked') machine().wake(kthread.task)
}

export function unparkKthread(struct: task_struct): void {
  const kthread = kthreadOf(struct.$task)
  if (kthread) unpark(kthread)
}

/** Asks the thread to park and waits until it has. */
export function* parkKthread(struct: task_struct): Sim<number> {
  const m = machine()
  const kthread = kthreadOf(struct.$task)!
  if (kthread.task.finished) {
    warn(m, 'kthread-park', 'kernel/kthread.c at kthread_park', null, { rules: ['KTH-03'] })
    return -ENOSYS
  }
  if (kthread.shouldPark) {
    warn(m, 'kthread-park', 'kernel/kthread.c at kthread_park', null, {
      rules: ['KTH-03'],
      printsOnce: true,
    })
    return -EBUSY
  }
  kthread.shouldPark = true
  if (kthread.task !== m.cpus.find((c) => c.current === kthread.task)?.top) {
    m.wake(kthread.task)
    const wait = waitForCompletion(kthread.parked)
    if (wait) yield* wait
  }
  return 0
}

function* parkme(self: Kthread): Sim {
  const m = machine()
  while (self.shouldPark) {
    setTaskState(self.task, TASK_PARKED, m.nowNs, null)
    complete(self.parked)
    yield* scheduleFor(null, 'kthread_unpark')
  }
  self.parked.done = 0
  setTaskState(self.task, TASK_RUNNING, 0, null)
}

/** Called by the thread itself: stays parked while somebody wants it to. */
export function parkCurrent(): void | Sim {
  const self = kthreadOf(current())
  if (self?.shouldPark) return frame('kthread_parkme', parkme(self))
  return undefined
}

export const currentShouldStop = (): boolean => kthreadOf(current())?.shouldStop ?? false
export const currentShouldPark = (): boolean => kthreadOf(current())?.shouldPark ?? false

/** The CPU that executes this; 0 where none does. */
export const processorId = (): number => thisCpu().id
