import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { call, point, type Sim } from '../../engine/suspend'
import { named } from '../api'
import { slab } from '../mm/slab'
import { memoryAccess } from '../mm/watch'
import { warn } from '../printk/warn'
import { jiffies } from '../time/clock'
import { timer_list, timers, TIMER_IRQSAFE } from '../time/timer'
import { completion, complete, waitForCompletion } from './completion'
import {
  createKthread,
  currentShouldPark,
  currentShouldStop,
  parkCurrent,
  stopKthread,
} from './kthread'
import { current, mightSleep, scheduleFor } from './schedule'
import { setTaskState, TASK_INTERRUPTIBLE, TASK_NORMAL, TASK_RUNNING } from './states'
import { currentStruct, tryToWake, wakeUpProcess, type task_struct } from './task'

const WORKER_BYTES = 128

/** A kernel thread that runs works one after the other. */
export class kthread_worker extends KernelObject {
  flags = 0
  task: task_struct | null = null
  /** @internal */
  $list: kthread_work[] = []
  /** @internal */
  $delayed: kthread_delayed_work[] = []
  /** @internal */
  $current: kthread_work | null = null
}

export type KthreadWorkFunction = (work: kthread_work) => unknown

export class kthread_work extends KernelObject {
  func: KthreadWorkFunction | null = null
  worker: kthread_worker | null = null
  /** @internal Cancelling callers inside: queueing is refused meanwhile. */
  $canceling = 0
  /** @internal On a worker's list. */
  $queued = false
}

export class kthread_delayed_work extends KernelObject {
  work = new kthread_work()
  timer = new timer_list()
  /** @internal Waits on the worker's list of delayed works. */
  $pending = false

  constructor() {
    super()
    this.work.$parent = this
    this.work.$field = 'work'
    this.timer.$parent = this
    this.timer.$field = 'timer'
  }
}

export function initWorker(worker: kthread_worker): void {
  worker.flags = 0
  worker.task = null
  worker.$list = []
  worker.$delayed = []
  worker.$current = null
}

export function initWork(work: kthread_work, fn: KthreadWorkFunction): void {
  work.func = fn
  work.worker = null
  work.$canceling = 0
  work.$queued = false
}

export function initDelayedWork(dwork: kthread_delayed_work, fn: KthreadWorkFunction): void {
  initWork(dwork.work, fn)
  timers(machine()).setup(dwork.timer, delayOver, TIMER_IRQSAFE)
  dwork.$pending = false
}

/** The thread function of every worker. */
export const workerLoop = named('kthread_worker_fn', function* (worker: kthread_worker): Sim<number> {
  const m = machine()
  const self = currentStruct()
  if (worker.task !== null && worker.task !== self)
    warn(m, 'kthread-worker', 'kernel/kthread.c at kthread_worker_fn', null, { rules: ['KTH-04'] })
  worker.task = self
  for (;;) {
    setTaskState(current(), TASK_INTERRUPTIBLE, m.nowNs, null)
    memoryAccess(m).touch(worker, 'work_list', false)
    if (currentShouldStop()) {
      setTaskState(current(), TASK_RUNNING, 0, null)
      worker.task = null
      return 0
    }
    const work = worker.$list.shift() ?? null
    worker.$current = work
    if (work === null) {
      if (currentShouldPark()) yield* parked()
      else yield* scheduleFor(worker, 'kthread work')
      continue
    }
    work.$queued = false
    setTaskState(current(), TASK_RUNNING, 0, null)
    const fn = work.func!
    yield point(workerLoop, work)
    yield* call(() => fn(work))
    worker.$current = null
  }
})

function* parked(): Sim {
  const wait = parkCurrent()
  if (wait) yield* wait
}

/** Allocates a worker and its thread; null without memory. The thread waits for its first wake. */
export function createWorker(format: string, args: readonly unknown[]): kthread_worker | null {
  const m = machine()
  const worker = slab(m).alloc(new kthread_worker(), WORKER_BYTES)
  if (worker === null) return null
  const task = createKthread(workerLoop as never, worker, format, args)
  if (task === null) {
    slab(m).free(worker)
    return null
  }
  worker.task = task
  return worker
}

function wrongWorker(worker: kthread_worker, work: kthread_work): void {
  if (work.worker !== null && work.worker !== worker)
    warn(machine(), 'kthread-worker', 'kernel/kthread.c at kthread_insert_work_sanity_check', null, {
      rules: ['KTH-04'],
      printsOnce: true,
    })
}

function insert(worker: kthread_worker, work: kthread_work, at = worker.$list.length): void {
  wrongWorker(worker, work)
  worker.$list.splice(at, 0, work)
  work.$queued = true
  work.worker = worker
  if (worker.$current === null && worker.task !== null) tryToWake(worker.task.$task, TASK_NORMAL)
}

const blocked = (work: kthread_work): boolean => work.$queued || work.$canceling > 0

export function queueWork(worker: kthread_worker, work: kthread_work): boolean {
  memoryAccess(machine()).touch(worker, 'lock', true, 'kthread_queue_work')
  if (blocked(work)) return false
  insert(worker, work)
  return true
}

export function queueDelayedWork(
  worker: kthread_worker,
  dwork: kthread_delayed_work,
  delay: number,
): boolean {
  memoryAccess(machine()).touch(worker, 'lock', true, 'kthread_queue_delayed_work')
  if (blocked(dwork.work) || dwork.$pending) return false
  startDelay(worker, dwork, delay)
  return true
}

function startDelay(worker: kthread_worker, dwork: kthread_delayed_work, delay: number): void {
  if (delay === 0) {
    insert(worker, dwork.work)
    return
  }
  const m = machine()
  wrongWorker(worker, dwork.work)
  dwork.work.worker = worker
  dwork.$pending = true
  worker.$delayed.push(dwork)
  timers(m).modify(dwork.timer, jiffies(m) + delay)
}

/** The delay is over: the work is queued, unless somebody cancels it just now. */
export function delayOver(timer: timer_list): void {
  const dwork = timer.$parent as kthread_delayed_work
  const m = machine()
  const { worker } = dwork.work
  if (worker === null) {
    warn(m, 'kthread-worker', 'kernel/kthread.c at kthread_delayed_work_timer_fn', null, {
      printsOnce: true,
    })
    return
  }
  memoryAccess(m).touch(worker, 'lock', true, 'kthread_delayed_work_timer_fn')
  if (takeDelayed(dwork) && dwork.work.$canceling === 0) insert(worker, dwork.work)
}
Object.defineProperty(delayOver, 'name', { value: 'kthread_delayed_work_timer_fn' })

function takeDelayed(dwork: kthread_delayed_work): boolean {
  if (!dwork.$pending) return false
  dwork.$pending = false
  const list = dwork.work.worker?.$delayed
  list?.splice(list.indexOf(dwork), 1)
  timers(machine()).delete(dwork.timer, false)
  return true
}

export function modDelayedWork(
  worker: kthread_worker,
  dwork: kthread_delayed_work,
  delay: number,
): boolean {
  if (dwork.work.$canceling > 0) return takePending(dwork.work, dwork)
  const pending = takePending(dwork.work, dwork)
  startDelay(worker, dwork, delay)
  return pending
}

function takePending(work: kthread_work, dwork: kthread_delayed_work | null): boolean {
  if (dwork !== null && takeDelayed(dwork)) return true
  if (!work.$queued) return false
  const list = work.worker!.$list
  list.splice(list.indexOf(work), 1)
  work.$queued = false
  return true
}

/** Waits until the work has run, if it is queued or running. */
export function* flushWork(work: kthread_work): Sim {
  mightSleep('kthread_flush_work')
  const worker = work.worker
  if (worker === null) return
  wrongWorker(worker, work)
  let at: number
  if (work.$queued) at = worker.$list.indexOf(work) + 1
  else if (worker.$current === work) at = 0
  else return
  yield* flushAt(worker, at)
}

function* flushAt(worker: kthread_worker, at: number): Sim {
  const done = new completion()
  const barrier = new kthread_work()
  initWork(barrier, () => complete(done))
  insert(worker, barrier, at)
  const wait = waitForCompletion(done)
  if (wait) yield* wait
}

/** Waits until all that is queued now has run. */
export function* flushWorker(worker: kthread_worker): Sim {
  mightSleep('kthread_flush_worker')
  yield* flushAt(worker, worker.$list.length)
}

/** Takes the work off its list, waits for it when it runs, and refuses queueing meanwhile. */
export function* cancelWork(work: kthread_work, dwork: kthread_delayed_work | null): Sim<boolean> {
  mightSleep('kthread_cancel_work_sync')
  const worker = work.worker
  if (worker === null) return false
  wrongWorker(worker, work)
  const pending = takePending(work, dwork)
  if (worker.$current === work) {
    work.$canceling++
    yield* flushWork(work)
    work.$canceling--
  }
  return pending
}

/** Flushes, stops the thread and frees the worker. Delayed works must have been cancelled. */
export function* destroyWorker(worker: kthread_worker): Sim {
  const m = machine()
  const task = worker.task
  if (task === null) {
    warn(
      m,
      'kthread-worker',
      'kernel/kthread.c at kthread_destroy_worker',
      null,
      { rules: ['KTH-04'] },
    )
    return
  }
  yield* flushWorker(worker)
  yield* stopKthread(task)
  for (const list of [worker.$delayed, worker.$list]) {
    if (list.length > 0)
      warn(m, 'kthread-worker', 'kernel/kthread.c at kthread_destroy_worker', null, {
        rules: ['KTH-04'],
      })
  }
  slab(m).free(worker)
}

export const startWorker = (worker: kthread_worker): number => wakeUpProcess(worker.task!)
