import { machine as currentMachine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import type { Sim } from '../../engine/suspend'
import { warn } from '../printk/warn'
import { rcu_head } from '../rcu/tree'
import { callRcu, rcuBarrier } from '../rcu/update'
import { flushWork } from './flush'
import { initWork, queueNow } from './queue'
import { work_struct, type workqueue_struct, type work_func_t } from './structs'
import { workqueues } from './workqueues'

/** A work item that is queued after a grace period: `struct rcu_work`. */
export class rcu_work extends KernelObject {
  work = new work_struct()
  rcu = new rcu_head()
  /** @internal */
  $wq: workqueue_struct | null = null

  constructor() {
    super()
    this.work.$parent = this
    this.work.$field = 'work'
    this.rcu.$parent = this
    this.rcu.$field = 'rcu'
  }
}

export function initRcuWork(rwork: rcu_work, func: work_func_t): void {
  initWork(rwork.work, func)
}

function rcuWorkRcufn(head: rcu_head): void {
  const rwork = head.$parent as rcu_work
  queueNow(null, rwork.$wq!, rwork.work)
}
Object.defineProperty(rcuWorkRcufn, 'name', { value: 'rcu_work_rcufn' })

/** False when it is pending already: then the run may come before a whole grace period is over. */
export function queueRcuWork(wq: workqueue_struct, rwork: rcu_work): boolean {
  const { work } = rwork
  if (work.$pending) return false
  if (work.$disabled > 0) {
    warnDisabled(work)
    return false
  }
  work.$pending = true
  rwork.$wq = wq
  callRcu(rwork.rcu, rcuWorkRcufn)
  return true
}

function warnDisabled(work: work_struct): void {
  const machine = currentMachine()
  const { once } = workqueues(machine)
  if (once.has('rcu-disabled')) return
  once.add('rcu-disabled')
  warn(machine, 'wq-rcu-work-disabled', 'kernel/workqueue.c at queue_rcu_work', null, {
    rules: ['WQ-32'],
    objects: [work],
  })
}

export function* flushRcuWork(rwork: rcu_work): Sim<boolean> {
  if (!rwork.work.$pending) return yield* flushWork(rwork.work)
  yield* rcuBarrier()
  yield* flushWork(rwork.work)
  return true
}
