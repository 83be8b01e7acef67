import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { call, type Sim } from '../../engine/suspend'
import { kernelCall, quiet } from '../../kernel/api'
import type { device } from '../../kernel/base/device'
import { addDevres } from '../../kernel/base/devres'
import { settle } from '../../kernel/live'
import { vsprintf } from '../../kernel/printk/format'
import { inInterrupt } from '../../kernel/irq/context'
import { TIMER_DEFERRABLE } from '../../kernel/time/timer'
import {
  allocOrderedWorkqueue, allocWorkqueue, destroyWorkqueue,
} from '../../kernel/workqueue/alloc'
import * as attributes from '../../kernel/workqueue/attributes'
import { allocate, slab } from '../../kernel/mm/slab'
import { flushFrom } from '../../kernel/workqueue/flush'
import { initDelayedWork, initWork, queueWorkOn } from '../../kernel/workqueue/queue'
import { initRcuWork, type rcu_work } from '../../kernel/workqueue/rcu-work'
import * as s from '../../kernel/workqueue/structs'
import { workqueues } from '../../kernel/workqueue/workqueues'
import { container_of } from '../container_of'

/** The less common parts of `linux/workqueue`. */

type Func = s.work_func_t

export const WQ_DFL_MIN_ACTIVE = 8
export const WQ_NAME_LEN = 32
export const WORKER_DESC_LEN = 32

/** Forms for items in local variables: pair with the `destroy_` function. */
export function INIT_DELAYED_WORK_ONSTACK(dwork: s.delayed_work, func: Func): void {
  initDelayedWork(dwork, func)
}
export function INIT_DEFERRABLE_WORK_ONSTACK(dwork: s.delayed_work, func: Func): void {
  initDelayedWork(dwork, func, TIMER_DEFERRABLE)
}
export function INIT_RCU_WORK_ONSTACK(rwork: rcu_work, func: Func): void {
  initRcuWork(rwork, func)
}
export function destroy_delayed_work_on_stack(_dwork: s.delayed_work): void {}
/** A delayed work whose timer does not wake an idle CPU. */
export function DECLARE_DEFERRABLE_WORK(_name: string, func: Func): s.delayed_work {
  const dwork = new s.delayed_work()
  initDelayedWork(dwork, func, TIMER_DEFERRABLE)
  return dwork
}
/** The structure of class `type` in which the item is the member `field`. */
export const from_work = quiet(<T extends object>(
  type: new (...args: never[]) => T, work: s.work_struct, field: keyof T & string,
): T => container_of(work, type, field))

/** Old form of an ordered queue whose items stop while the machine sleeps. */
export function create_freezable_workqueue(name: string): s.workqueue_struct | null {
  const flags = s.LEGACY | s.WQ_FREEZABLE | s.WQ_UNBOUND | s.WQ_MEM_RECLAIM
  return allocWorkqueue('%s', flags, 1, [name])
}

function managed(dev: device, wq: s.workqueue_struct | null): s.workqueue_struct | null {
  if (wq === null) return null
  const release = (): Sim => destroyWorkqueue(wq)
  addDevres(dev, { name: 'devm_workqueue_release', key: wq, release })
  return wq
}
/** As `alloc_workqueue`; destroyed when the device loses its driver. */
export function devm_alloc_workqueue(
  dev: device, fmt: string, flags: number, max_active: number, ...args: unknown[]
): s.workqueue_struct | null {
  return managed(dev, allocWorkqueue(fmt, flags, max_active, args))
}
export function devm_alloc_ordered_workqueue(
  dev: device, fmt: string, flags: number, ...args: unknown[]
): s.workqueue_struct | null {
  return managed(dev, allocOrderedWorkqueue(fmt, flags, args))
}

export const workqueue_attrs = attributes.workqueue_attrs
export type workqueue_attrs = attributes.workqueue_attrs
/** Attributes to fill in: all CPUs, no niceness. null without memory. Pair: `free_workqueue_attrs`. */
export const alloc_workqueue_attrs = kernelCall(
  'alloc_workqueue_attrs',
  (): attributes.workqueue_attrs | null => {
    const attrs = allocate(attributes.workqueue_attrs, true)
    if (attrs) attrs.cpumask = (1 << machine().cpus.length) - 1
    return attrs
  },
)
export const free_workqueue_attrs = kernelCall(
  'free_workqueue_attrs',
  (attrs: attributes.workqueue_attrs | null): void => {
    if (attrs) slab(machine()).free(attrs)
  },
)
/** Gives an unbound queue workers of this kind. 0, or -EINVAL for other queues. May sleep. */
export const apply_workqueue_attrs = kernelCall(
  'apply_workqueue_attrs',
  (wq: s.workqueue_struct, attrs: attributes.workqueue_attrs): number =>
    attributes.applyAttributes(settle(wq), attrs),
)
/** Shows a queue under /sys, as WQ_SYSFS does. 0 or -errno. */
export const workqueue_sysfs_register = kernelCall(
  'workqueue_sysfs_register',
  (wq: s.workqueue_struct): number => attributes.showQueue(settle(wq)),
)

/** As `queue_work_on`, near a memory node; there is one node only. */
export function queue_work_node(_node: number, wq: s.workqueue_struct, work: s.work_struct): boolean {
  return queueWorkOn(null, settle(wq), work)
}

class on_cpu_work extends s.work_struct {
  /** @internal */
  $result = 0
}

/** Runs `fn(arg)` in a worker of CPU `cpu` and waits for it. Answers what `fn` answered. */
export const work_on_cpu: <A>(cpu: number, fn: (arg: A) => number, arg: A) => number = kernelCall(
  'work_on_cpu',
  function* <A>(cpu: number, fn: (arg: A) => number, arg: A): Sim<number> {
    const work = new on_cpu_work()
    initWork(work, function* work_for_cpu_fn(): Sim {
      work.$result = Number((yield* call(() => fn(arg))) ?? 0)
    } as never)
    const m = machine()
    queueWorkOn(m.cpus[cpu]!, workqueues(m).system('system_percpu_wq'), work)
    yield* flushFrom(work, false)
    return work.$result
  },
)
export const work_on_cpu_safe = work_on_cpu

/** Runs `func` in a worker of each CPU and waits for all. 0, or -ENOMEM. */
export const schedule_on_each_cpu: (func: Func) => number = kernelCall(
  'schedule_on_each_cpu',
  function* (func: Func): Sim<number> {
    const m = machine()
    const wq = workqueues(m).system('system_percpu_wq')
    const works = m.cpus.map(() => new s.work_struct())
    m.cpus.forEach((cpu, i) => {
      initWork(works[i]!, func)
      queueWorkOn(cpu, wq, works[i]!)
    })
    for (const work of works) yield* flushFrom(work, false)
    return 0
  },
)

/** What `execute_in_process_context` needs. */
export class execute_work extends KernelObject {
  work = new s.work_struct()
}
/** Calls `fn(ew.work)` at once where sleeping is possible (0), else by a worker (1). */
export const execute_in_process_context: (fn: Func, ew: execute_work) => number = kernelCall(
  'execute_in_process_context',
  function* (fn: Func, ew: execute_work): Sim<number> {
    if (!inInterrupt()) {
      yield* call(() => fn(ew.work))
      return 0
    }
    initWork(ew.work, fn)
    queueWorkOn(null, workqueues(machine()).system('system_percpu_wq'), ew.work)
    return 1
  },
)

/** Names what the running worker does, for those who look at it. */
export function set_worker_desc(fmt: string, ...args: unknown[]): void {
  const worker = workqueues(machine()).currentWorker()
  if (worker) worker.description = vsprintf(machine(), fmt, args).slice(0, WORKER_DESC_LEN - 1)
}
/** Whether this is the reserve thread of a WQ_MEM_RECLAIM queue. */
export const current_is_workqueue_rescuer = quiet(
  (): boolean => workqueues(machine()).currentWorker()?.rescuer === true,
)
/** Whether items of the queue wait for a free place on `cpu` (-1: this one). A momentary answer. */
export function workqueue_congested(cpu: number, wq: s.workqueue_struct): boolean {
  const all = workqueues(machine())
  return all.queueOn(settle(wq), cpu < 0 ? null : machine().cpus[cpu]!).inactive.length > 0
}
/** How many items of an unbound queue may run at least, on each node. */
export function workqueue_set_min_active(_wq: s.workqueue_struct, _min_active: number): void {}
