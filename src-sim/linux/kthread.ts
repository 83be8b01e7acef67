import { kernelCall, kernelFrame, quiet } from '../kernel/api'
import { call, type Sim } from '../engine/suspend'
import { complete, type completion } from '../kernel/sched/completion'
import { tryToFreeze } from '../kernel/sched/freezer'
import * as k from '../kernel/sched/kthread'
import * as w from '../kernel/sched/kthread-worker'
import { wakeUpProcess, type task_struct } from '../kernel/sched/task'
import { ENOMEM } from '../kernel/errno'
import { ERR_PTR, IS_ERR } from './err'

/** Brought along, as by the C header. */
export * from './err'
export * from './sched'

/** Kernel threads and their workers: `linux/kthread`. */

export { kthread_delayed_work, kthread_work, kthread_worker } from '../kernel/sched/kthread-worker'
export { task_struct } from '../kernel/sched/task'

type ThreadFunction<D> = (data: D) => number | void

/**
 * Creates a thread that waits for its first `wake_up_process`. The thread runs `threadfn(data)`,
 * which polls `kthread_should_stop`. May sleep. An error pointer when there is no memory. Pair:
 * `kthread_stop`.
 */
export const kthread_create = kernelCall('kthread_create', function <D>(
  threadfn: ThreadFunction<D>,
  data: D,
  namefmt: string,
  ...args: unknown[]
): task_struct {
  return k.createKthread(threadfn as never, data, namefmt, args) ?? ERR_PTR(-ENOMEM)
}) as <D>(threadfn: ThreadFunction<D>, data: D, namefmt: string, ...args: unknown[]) => task_struct

/** `kthread_create` and `wake_up_process` in one. */
export const kthread_run = kernelCall('kthread_run', function (
  threadfn: ThreadFunction<never>,
  data: unknown,
  namefmt: string,
  ...args: unknown[]
): task_struct {
  const task = k.createKthread(threadfn as never, data, namefmt, args)
  if (task === null) return ERR_PTR(-ENOMEM)
  wakeUpProcess(task)
  return task
}) as <D>(threadfn: ThreadFunction<D>, data: D, namefmt: string, ...args: unknown[]) => task_struct

/** A parked thread bound to `cpu`; `%u` in the name is the CPU. Start it with `kthread_unpark`. */
export const kthread_create_on_cpu = kernelCall('kthread_create_on_cpu', function (
  threadfn: ThreadFunction<never>,
  data: unknown,
  cpu: number,
  namefmt: string,
): task_struct {
  const task = k.createKthread(threadfn as never, data, namefmt, [cpu])
  if (task === null) return ERR_PTR(-ENOMEM)
  k.bindKthread(task, cpu)
  return task
}) as <D>(threadfn: ThreadFunction<D>, data: D, cpu: number, namefmt: string) => task_struct

export const kthread_run_on_cpu = kernelCall('kthread_run_on_cpu', function (
  threadfn: ThreadFunction<never>,
  data: unknown,
  cpu: number,
  namefmt: string,
): task_struct {
  const task = k.createKthread(threadfn as never, data, namefmt, [cpu])
  if (task === null) return ERR_PTR(-ENOMEM)
  k.bindKthread(task, cpu)
  wakeUpProcess(task)
  return task
}) as <D>(threadfn: ThreadFunction<D>, data: D, cpu: number, namefmt: string) => task_struct

/** Binds a thread that has not run yet to one CPU. */
export const kthread_bind = kernelCall('kthread_bind', k.bindKthread)
/**
 * Asks the thread to stop, wakes it and waits until it has ended. Answers what its function
 * returned, -EINTR when that was never entered. The caller must hold a reference if the thread can
 * end by itself.
 */
export const kthread_stop = kernelCall('kthread_stop', k.stopKthread)
/** `kthread_stop`, then `put_task_struct`. */
export const kthread_stop_put = kernelCall('kthread_stop_put', k.stopKthreadPut)
/** Asked by the thread itself: whether somebody wants it to end. */
export const kthread_should_stop = kernelCall('kthread_should_stop', k.currentShouldStop)
export const kthread_should_park = kernelCall('kthread_should_park', k.currentShouldPark)
/** Asks the thread to park and waits until it has called `kthread_parkme`. 0, -ENOSYS or -EBUSY. */
export const kthread_park = kernelCall('kthread_park', k.parkKthread)
export const kthread_unpark = kernelCall('kthread_unpark', k.unparkKthread)
/** Called by the thread when `kthread_should_park`: sleeps until it is unparked. */
export const kthread_parkme = kernelCall('kthread_parkme', k.parkCurrent)
/** Ends the running thread; does not return. */
export const kthread_exit = kernelCall('kthread_exit', (result: number): never =>
  k.exitCurrentKthread(result),
)
/** The data the thread was created with. */
export const kthread_data = kernelCall('kthread_data', function <D>(task: task_struct): D {
  return k.kthreadOf(task.$task)!.data as D
})

/** Sets up a worker that a thread running `kthread_worker_fn` will serve. */
export const kthread_init_worker = kernelCall('kthread_init_worker', w.initWorker)
/** The thread function of a worker of one's own. */
export const kthread_worker_fn = kernelCall('kthread_worker_fn', w.workerLoop)

function makeWorker(format: string, args: unknown[], start: boolean): w.kthread_worker {
  const worker = w.createWorker(format, args)
  if (worker === null) return ERR_PTR(-ENOMEM)
  if (start) w.startWorker(worker)
  return worker
}

/** Allocates a worker with its thread, not started yet. Pair: `kthread_destroy_worker`. */
export const kthread_create_worker = kernelCall('kthread_create_worker', function (
  _flags: number,
  namefmt: string,
  ...args: unknown[]
): w.kthread_worker {
  return makeWorker(namefmt, args, false)
})
/** The same with the thread running. */
export const kthread_run_worker = kernelCall('kthread_run_worker', function (
  _flags: number,
  namefmt: string,
  ...args: unknown[]
): w.kthread_worker {
  return makeWorker(namefmt, args, true)
})
export const kthread_create_worker_on_cpu = kernelCall('kthread_create_worker_on_cpu', function (
  cpu: number,
  _flags: number,
  namefmt: string,
): w.kthread_worker {
  const worker = makeWorker(namefmt, [cpu], false)
  if (!IS_ERR(worker)) k.bindKthread(worker.task!, cpu)
  return worker
})
/** Flushes, ends the thread and frees the worker. Delayed works must have been cancelled. */
export const kthread_destroy_worker = kernelCall('kthread_destroy_worker', w.destroyWorker)
/** Sets up a work. */
export const kthread_init_work = kernelCall('kthread_init_work', w.initWork)
export const kthread_init_delayed_work = kernelCall('kthread_init_delayed_work', w.initDelayedWork)
/** Queues a work; false when it was queued already or is being cancelled. Any context. */
export const kthread_queue_work = kernelCall('kthread_queue_work', w.queueWork)
/** Queues a work after `delay` jiffies. */
export const kthread_queue_delayed_work = kernelCall(
  'kthread_queue_delayed_work',
  w.queueDelayedWork,
)
/** Changes the delay; true when it was pending. */
export const kthread_mod_delayed_work = kernelCall('kthread_mod_delayed_work', w.modDelayedWork)
/** Waits until the work, if queued or running, is done. May sleep. */
export const kthread_flush_work = kernelCall('kthread_flush_work', w.flushWork)
/** Waits until all works queued so far are done. May sleep. */
export const kthread_flush_worker = kernelCall('kthread_flush_worker', w.flushWorker)
/** Unqueues the work and waits when it runs; true when it was queued. May sleep. */
export const kthread_cancel_work_sync = kernelFrame(
  'kthread_cancel_work_sync',
  (work: w.kthread_work): Sim<boolean> => w.cancelWork(work, null),
)
export const kthread_cancel_delayed_work_sync = kernelFrame(
  'kthread_cancel_delayed_work_sync',
  (dwork: w.kthread_delayed_work): Sim<boolean> => w.cancelWork(dwork.work, dwork),
)

/** As `kthread_create`; there is one memory node only. */
export const kthread_create_on_node = kernelCall('kthread_create_on_node', function (
  threadfn: ThreadFunction<never>,
  data: unknown,
  _node: number,
  namefmt: string,
  ...args: unknown[]
): task_struct {
  return k.createKthread(threadfn as never, data, namefmt, args) ?? ERR_PTR(-ENOMEM)
}) as <D>(
  threadfn: ThreadFunction<D>, data: D, node: number, namefmt: string, ...args: unknown[]
) => task_struct
/** Binds a thread that has not run yet to the CPUs of a mask. */
export const kthread_bind_mask = kernelCall('kthread_bind_mask', k.bindKthreadMask)
/** The data of a thread, null for a task that is no kernel thread. */
export const kthread_probe_data = kernelCall('kthread_probe_data', (task: task_struct): unknown =>
  k.kthreadOf(task.$task)?.data ?? null,
)
/** The thread function. */
export const kthread_func = kernelCall('kthread_func', (task: task_struct): unknown =>
  k.kthreadOf(task.$task)?.fn ?? null,
)
/** Whether the thread is wanted to stop or to park. */
export const kthread_should_stop_or_park = kernelCall(
  'kthread_should_stop_or_park',
  (): boolean => k.currentShouldStop() || k.currentShouldPark(),
)
/** As `kthread_should_stop`, after a stop for the machine's sleep: then `*was_frozen` is true. */
export const kthread_freezable_should_stop = kernelCall(
  'kthread_freezable_should_stop',
  function* (was_frozen: { value: boolean } | null): Sim<boolean> {
    const frozen = yield* call(() => tryToFreeze() as boolean)
    if (was_frozen !== null) was_frozen.value = frozen
    return k.currentShouldStop()
  },
)
/** Completes `comp` (if any) and ends the running thread, as one step of core code (KTH-05). */
export const kthread_complete_and_exit = kernelCall(
  'kthread_complete_and_exit',
  (comp: completion | null, code: number): never => {
    if (comp !== null) complete(comp)
    return k.exitCurrentKthread(code)
  },
)

/** A worker, work or delayed work in its first state. */
export const DEFINE_KTHREAD_WORKER = quiet((_name = ''): w.kthread_worker => new w.kthread_worker())
export function DEFINE_KTHREAD_WORK(_name: string, fn: w.KthreadWorkFunction): w.kthread_work {
  const work = new w.kthread_work()
  w.initWork(work, fn)
  return work
}
export function DEFINE_KTHREAD_DELAYED_WORK(
  _name: string,
  fn: w.KthreadWorkFunction,
): w.kthread_delayed_work {
  const dwork = new w.kthread_delayed_work()
  w.initDelayedWork(dwork, fn)
  return dwork
}
/** The thread of the worker may be frozen. */
export const KTW_FREEZABLE = 1
export const kthread_run_worker_on_cpu = kernelCall('kthread_run_worker_on_cpu', function (
  cpu: number,
  _flags: number,
  namefmt: string,
): w.kthread_worker {
  const worker = makeWorker(namefmt, [cpu], false)
  if (IS_ERR(worker)) return worker
  k.bindKthread(worker.task!, cpu)
  w.startWorker(worker)
  return worker
})
export const kthread_delayed_work_timer_fn = w.delayOver
