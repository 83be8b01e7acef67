import type { Cpu } from '../engine/cpu'
import { machine } from '../engine/current'
import { dump_stack } from './kernel'
import { kernelCall, quiet } from '../kernel/api'
import { live, settle } from '../kernel/live'
import { kernelLog } from '../kernel/printk/log'
import { TIMER_DEFERRABLE } from '../kernel/time/timer'
import {
  allocOrderedWorkqueue, allocWorkqueue, destroyWorkqueue, drainWorkqueue,
} from '../kernel/workqueue/alloc'
import * as cancel from '../kernel/workqueue/cancel'
import * as flush from '../kernel/workqueue/flush'
import * as queue from '../kernel/workqueue/queue'
import { setMaxActive } from '../kernel/workqueue/attributes'
import * as r from '../kernel/workqueue/rcu-work'
import * as s from '../kernel/workqueue/structs'
import { workqueues, type SystemQueue } from '../kernel/workqueue/workqueues'

/** Brought along, as by the C header. */
export * from './atomic'
export * from './bitops'
export * from './cpumask'
export * from './list'
export * from './lockdep'
export * from './rcupdate'
export * from './timer'

/** Deferred work in task context: `linux/workqueue`. */

export const work_struct = s.work_struct
export type work_struct = s.work_struct
export const delayed_work = s.delayed_work
export type delayed_work = s.delayed_work
export const workqueue_struct = s.workqueue_struct
export type workqueue_struct = s.workqueue_struct
export type work_func_t = s.work_func_t

/** Run in softirq context on the queueing CPU. */
export const WQ_BH = s.WQ_BH
/** Not bound to a CPU. */
export const WQ_UNBOUND = s.WQ_UNBOUND
export const WQ_FREEZABLE = s.WQ_FREEZABLE
/** May be used on the way of memory reclaim: has a thread of its own in reserve. */
export const WQ_MEM_RECLAIM = s.WQ_MEM_RECLAIM
export const WQ_HIGHPRI = s.WQ_HIGHPRI
/** Items do not hold up others of the CPU. */
export const WQ_CPU_INTENSIVE = s.WQ_CPU_INTENSIVE
export const WQ_SYSFS = s.WQ_SYSFS
export const WQ_POWER_EFFICIENT = s.WQ_POWER_EFFICIENT
/** Bound to the CPU that queues. */
export const WQ_PERCPU = s.WQ_PERCPU
export const WQ_MAX_ACTIVE = 2048
export const WQ_DFL_ACTIVE = 1024
/** Any CPU, in the functions that take one. */
export const WORK_CPU_UNBOUND = -1
/** Bits of `work_busy`. */
export const WORK_BUSY_PENDING = 1
export const WORK_BUSY_RUNNING = 2

const system =
  (name: SystemQueue): workqueue_struct => live(() => workqueues(machine()).system(name))
/** Deprecated: use `system_percpu_wq`. */
export const system_wq: workqueue_struct = system('system_wq')
/** The queue of `schedule_work`: bound to CPUs, for short items. */
export const system_percpu_wq: workqueue_struct = system('system_percpu_wq')
export const system_highpri_wq: workqueue_struct = system('system_highpri_wq')
/** For items that may take long. */
export const system_long_wq: workqueue_struct = system('system_long_wq')
/** Deprecated: use `system_dfl_wq`. */
export const system_unbound_wq: workqueue_struct = system('system_unbound_wq')
/** Not bound to CPUs. */
export const system_dfl_wq: workqueue_struct = system('system_dfl_wq')
export const system_dfl_long_wq: workqueue_struct = system('system_dfl_long_wq')
export const system_freezable_wq: workqueue_struct = system('system_freezable_wq')
export const system_power_efficient_wq: workqueue_struct = system('system_power_efficient_wq')
export const system_freezable_power_efficient_wq: workqueue_struct = system(
  'system_freezable_power_efficient_wq',
)
/** In softirq context. */
export const system_bh_wq: workqueue_struct = system('system_bh_wq')
export const system_bh_highpri_wq: workqueue_struct = system('system_bh_highpri_wq')

const cpuOf = (cpu: number): Cpu | null => (cpu < 0 ? null : machine().cpus[cpu]!)

/** Initialises a work item. Not while it is pending (WQ-33). */
export function INIT_WORK(work: work_struct, func: work_func_t): void {
  queue.initWork(work, func)
}
/** As `INIT_WORK`, for an item in a local variable: pair with `destroy_work_on_stack`. */
export const INIT_WORK_ONSTACK = INIT_WORK
/** An initialised work item: `const w = DECLARE_WORK('w', fn)`. */
export function DECLARE_WORK(_name: string, func: work_func_t): work_struct {
  const work = new work_struct()
  queue.initWork(work, func)
  return work
}
export function destroy_work_on_stack(_work: work_struct): void {}
export function INIT_DELAYED_WORK(dwork: delayed_work, func: work_func_t): void {
  queue.initDelayedWork(dwork, func)
}
/** As `INIT_DELAYED_WORK`; its timer does not wake an idle CPU. */
export function INIT_DEFERRABLE_WORK(dwork: delayed_work, func: work_func_t): void {
  queue.initDelayedWork(dwork, func, TIMER_DEFERRABLE)
}
export function DECLARE_DELAYED_WORK(_name: string, func: work_func_t): delayed_work {
  const dwork = new delayed_work()
  queue.initDelayedWork(dwork, func)
  return dwork
}
/** The delayed work whose `work` this is. */
export const to_delayed_work = quiet(
  (work: work_struct): delayed_work => work.$parent as delayed_work,
)

/**
 * Makes a workqueue named by the printf-like `fmt`. `max_active` bounds how many of its items run
 * at a time (a CPU, or in all with WQ_UNBOUND); 0 = default. May sleep. Null on failure. Pair:
 * `destroy_workqueue` (WQ-01, WQ-02).
 */
export function alloc_workqueue(
  fmt: string,
  flags: number,
  max_active: number,
  ...args: unknown[]
): workqueue_struct | null {
  return allocWorkqueue(fmt, flags, max_active, args)
}

/** A queue that executes one item at a time, in queueing order (WQ-08). */
export function alloc_ordered_workqueue(
  fmt: string,
  flags: number,
  ...args: unknown[]
): workqueue_struct | null {
  return allocOrderedWorkqueue(fmt, flags, args)
}
/** Old form of an ordered queue. */
export function create_singlethread_workqueue(name: string): workqueue_struct | null {
  return allocOrderedWorkqueue('%s', s.LEGACY | s.WQ_MEM_RECLAIM, [name])
}
/** Old form of a queue with one worker a CPU. */
export function create_workqueue(name: string): workqueue_struct | null {
  return allocWorkqueue('%s', s.LEGACY | s.WQ_MEM_RECLAIM | s.WQ_PERCPU, 1, [name])
}

/**
 * Runs everything queued, then frees the queue. May sleep. Delayed works whose timers still run
 * are not touched: cancel them first (WQ-22).
 */
export const destroy_workqueue: (wq: workqueue_struct) => void = kernelCall(
  'destroy_workqueue',
  function* (wq: workqueue_struct) {
    return yield* destroyWorkqueue(wq)
  },
)

/**
 * Queues `work` to be executed by a worker. Any context. True when it was queued; false when it
 * was pending already (or is disabled). Pair: `cancel_work_sync` (WQ-04..06).
 */
export function queue_work(wq: workqueue_struct, work: work_struct): boolean {
  return queue.queueWorkOn(null, settle(wq), work)
}
/** As `queue_work`, on CPU `cpu`. */
export function queue_work_on(cpu: number, wq: workqueue_struct, work: work_struct): boolean {
  return queue.queueWorkOn(cpuOf(cpu), settle(wq), work)
}
/** As `queue_work`, on the kernel's own queue. */
export function schedule_work(work: work_struct): boolean {
  return queue.queueWorkOn(null, workqueues(machine()).system('system_percpu_wq'), work)
}
export function schedule_work_on(cpu: number, work: work_struct): boolean {
  return queue.queueWorkOn(cpuOf(cpu), workqueues(machine()).system('system_percpu_wq'), work)
}

/** Queues the item after `delay` jiffies; false, and the old time stays, when it is pending. */
export function queue_delayed_work(
  wq: workqueue_struct,
  dwork: delayed_work,
  delay: number,
): boolean {
  return queue.queueDelayedWorkOn(null, settle(wq), dwork, delay)
}
export function queue_delayed_work_on(
  cpu: number,
  wq: workqueue_struct,
  dwork: delayed_work,
  delay: number,
): boolean {
  return queue.queueDelayedWorkOn(cpuOf(cpu), settle(wq), dwork, delay)
}
export function schedule_delayed_work(dwork: delayed_work, delay: number): boolean {
  const wq = workqueues(machine()).system('system_percpu_wq')
  return queue.queueDelayedWorkOn(null, wq, dwork, delay)
}
export function schedule_delayed_work_on(cpu: number, dwork: delayed_work, delay: number): boolean {
  const wq = workqueues(machine()).system('system_percpu_wq')
  return queue.queueDelayedWorkOn(cpuOf(cpu), wq, dwork, delay)
}

/** Sets the delay anew, pending or not. Any context. True when it was pending (WQ-30). */
export const mod_delayed_work: (
  wq: workqueue_struct,
  dwork: delayed_work,
  delay: number,
) => boolean = kernelCall(
  'mod_delayed_work',
  function* (wq: workqueue_struct, dwork: delayed_work, delay: number) {
    return yield* cancel.modDelayedWorkOn(null, settle(wq), dwork, delay)
  },
)
export const mod_delayed_work_on: (
  cpu: number,
  wq: workqueue_struct,
  dwork: delayed_work,
  delay: number,
) => boolean = kernelCall(
  'mod_delayed_work_on',
  function* (cpu: number, wq: workqueue_struct, dwork: delayed_work, delay: number) {
    return yield* cancel.modDelayedWorkOn(cpuOf(cpu), settle(wq), dwork, delay)
  },
)

/** Removes a pending instance without waiting for a running one. Any context (WQ-23). */
export const cancel_work: (work: work_struct) => boolean = kernelCall(
  'cancel_work',
  function* (work: work_struct) {
    return yield* cancel.cancelWork(work)
  },
)
/**
 * Removes a pending instance and waits for a running one. May sleep. True when it was pending. Not
 * from the item's own function nor with a lock that the function takes (WQ-24, WQ-25).
 */
export const cancel_work_sync: (work: work_struct) => boolean = kernelCall(
  'cancel_work_sync',
  function* (work: work_struct) {
    return yield* cancel.cancelWorkSync(work, null, false)
  },
)
export const cancel_delayed_work: (dwork: delayed_work) => boolean = kernelCall(
  'cancel_delayed_work',
  function* (dwork: delayed_work) {
    return yield* cancel.cancelWork(dwork.work, dwork)
  },
)
/** As `cancel_work_sync`, for the timer too. Never `cancel_work_sync(dwork.work)` (WQ-28). */
export const cancel_delayed_work_sync: (dwork: delayed_work) => boolean = kernelCall(
  'cancel_delayed_work_sync',
  function* (dwork: delayed_work) {
    return yield* cancel.cancelWorkSync(dwork.work, dwork, false)
  },
)
/** As `cancel_work`, and refuses to be queued until `enable_work`. Counts (WQ-27). */
export const disable_work: (work: work_struct) => boolean = kernelCall(
  'disable_work',
  function* (work: work_struct) {
    return yield* cancel.disableWork(work)
  },
)
/** As `cancel_work_sync`, and refuses to be queued until `enable_work`. Counts. */
export const disable_work_sync: (work: work_struct) => boolean = kernelCall(
  'disable_work_sync',
  function* (work: work_struct) {
    return yield* cancel.cancelWorkSync(work, null, true)
  },
)
/** Ends one `disable_work`; true when the item may be queued again. Does not queue it. */
export const enable_work: (work: work_struct) => boolean = kernelCall(
  'enable_work',
  function* (work: work_struct) {
    return yield* cancel.enableWork(work)
  },
)
export const disable_delayed_work: (dwork: delayed_work) => boolean = kernelCall(
  'disable_delayed_work',
  function* (dwork: delayed_work) {
    return yield* cancel.disableWork(dwork.work, dwork)
  },
)
export const disable_delayed_work_sync: (dwork: delayed_work) => boolean = kernelCall(
  'disable_delayed_work_sync',
  function* (dwork: delayed_work) {
    return yield* cancel.cancelWorkSync(dwork.work, dwork, true)
  },
)
export const enable_delayed_work: (dwork: delayed_work) => boolean = kernelCall(
  'enable_delayed_work',
  function* (dwork: delayed_work) {
    return yield* cancel.enableWork(dwork.work, dwork)
  },
)
/** `enable_work`, then `queue_work` if that made it possible. */
export const enable_and_queue_work: (
  wq: workqueue_struct,
  work: work_struct,
) => boolean = kernelCall(
  'enable_and_queue_work',
  function* (wq: workqueue_struct, work: work_struct) {
    if (!(yield* cancel.enableWork(work))) return false
    queue.queueWorkOn(null, settle(wq), work)
    return true
  },
)

/** Waits for the instance queued last. May sleep. False when it was idle (WQ-16). */
export const flush_work: (work: work_struct) => boolean = kernelCall('flush_work', flush.flushWork)
/** Queues it at once if only its timer runs, then as `flush_work` (WQ-31). */
export const flush_delayed_work: (dwork: delayed_work) => boolean = kernelCall(
  'flush_delayed_work',
  function* (dwork: delayed_work) {
    return yield* flush.flushDelayedWork(dwork)
  },
)
function warnFlushingSystemQueue(): void {
  kernelLog(machine()).print(
    4, 'WARNING: Flushing system-wide workqueues will be prohibited in near future.\n')
  dump_stack()
}

/** Waits for all that was queued before. May sleep. Not from an item of the queue (WQ-19). */
export const flush_workqueue: (wq: workqueue_struct) => void = kernelCall(
  'flush_workqueue',
  function* (wq: workqueue_struct) {
    const queueOf = settle(wq)
    if (queueOf.$system && !(queueOf.flags & s.DEPRECATED)) warnFlushingSystemQueue()
    yield* flush.flushWorkqueue(queueOf)
  },
)
/** Deprecated: flushes the queue of `schedule_work`. */
export const flush_scheduled_work: () => void = kernelCall('flush_scheduled_work', function* () {
  warnFlushingSystemQueue()
  yield* flush.flushWorkqueue(workqueues(machine()).system('system_percpu_wq'))
})
/** Flushes until the queue is empty; meanwhile only its own items may queue to it (WQ-20). */
export const drain_workqueue: (wq: workqueue_struct) => void = kernelCall(
  'drain_workqueue',
  function* (wq: workqueue_struct) {
    return yield* drainWorkqueue(settle(wq))
  },
)

/** Whether it is queued or waits for its timer. False while it runs. */
export const work_pending = quiet((work: work_struct): boolean => work.$pending)
export const delayed_work_pending = quiet((dwork: delayed_work): boolean => dwork.work.$pending)
/** WORK_BUSY_PENDING | WORK_BUSY_RUNNING, as of now; only good for messages (WQ-10). */
export function work_busy(work: work_struct): number {
  const running = workqueues(machine()).executing(work.$lastPool, work) !== null
  return (work.$pending ? WORK_BUSY_PENDING : 0) | (running ? WORK_BUSY_RUNNING : 0)
}
/** The work item whose function this task executes, or null. */
export function current_work(): work_struct | null {
  return workqueues(machine()).currentWorker()?.currentWork ?? null
}
/** Changes how many items of an unordered queue may run at a time. */
export function workqueue_set_max_active(wq: workqueue_struct, max_active: number): void {
  const wanted = max_active === 0 ? WQ_DFL_ACTIVE : max_active
  setMaxActive(settle(wq), Math.min(Math.max(wanted, 1), WQ_MAX_ACTIVE))
}

export const rcu_work = r.rcu_work
export type rcu_work = r.rcu_work
export function INIT_RCU_WORK(rwork: rcu_work, func: work_func_t): void {
  r.initRcuWork(rwork, func)
}
/** The RCU work whose `work` this is. */
export const to_rcu_work = quiet((work: work_struct): rcu_work => work.$parent as rcu_work)
/** Queues the item after a grace period; false when it is pending. Cannot be cancelled (WQ-32). */
export function queue_rcu_work(wq: workqueue_struct, rwork: rcu_work): boolean {
  return r.queueRcuWork(settle(wq), rwork)
}
/** Waits for the grace period and the run. May sleep. False when it was idle. */
export const flush_rcu_work: (rwork: rcu_work) => boolean = kernelCall(
  'flush_rcu_work',
  r.flushRcuWork,
)

export * from './workqueue/more'
