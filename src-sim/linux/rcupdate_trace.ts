import type { Sim } from '../engine/suspend'
import { kernelCall, kernelFrame } from '../kernel/api'
import { callSrcu, srcuBarrier, synchronizeSrcu } from '../kernel/rcu/srcu'
import * as trace from '../kernel/rcu/trace'
import type { rcu_head, RcuFunction } from '../kernel/rcu/tree'

/** Brought along, as by the C header. */
export * from './rcupdate'
export * from './sched'

/** RCU whose readers may sleep, for tracing: `linux/rcupdate_trace`. */

/** Enters (leaves) a reader; it may sleep, and may be nested. */
export const rcu_read_lock_trace = kernelCall('rcu_read_lock_trace', trace.traceReadLock)
export const rcu_read_unlock_trace = kernelCall('rcu_read_unlock_trace', trace.traceReadUnlock)
export const rcu_read_lock_trace_held = kernelCall('rcu_read_lock_trace_held', (): number =>
  trace.traceReadLockHeld() ? 1 : 0,
)
/** Waits for all readers that there are. May sleep; not from a reader. */
export const synchronize_rcu_tasks_trace = kernelFrame('synchronize_rcu_tasks_trace', (): Sim =>
  synchronizeSrcu(trace.traceDomain()),
)
/** Calls `func(head)` when all readers that there are have left. Any context. */
export const call_rcu_tasks_trace = kernelCall(
  'call_rcu_tasks_trace',
  (head: rcu_head, func: RcuFunction): void => callSrcu(trace.traceDomain(), head, func),
)
/** Waits until all callbacks so far have run. May sleep. */
export const rcu_barrier_tasks_trace = kernelFrame('rcu_barrier_tasks_trace', (): Sim =>
  srcuBarrier(trace.traceDomain()),
)
