import { machine as currentMachine } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import type { Sim } from '../../engine/suspend'
import { SEC } from '../../base/units'
import { named } from '../api'
import { sleepOn } from '../sched/schedule'
import { assign, newWorker, processScheduled } from './worker'
import { WQ_MEM_RECLAIM, type Instance, type Pool, type workqueue_struct } from './structs'
import type { Workqueues } from './workqueues'

/** How long a pool may be without a worker before its queues are rescued, and how often again. */
const INITIAL_NS = 10_000_000
const INTERVAL_NS = 100_000_000
/** A worker that could not be made is tried again after this time. */
const COOLDOWN_NS = SEC
const ITEMS_MAX = 16

/**
 * No worker can be made for a pool that needs one: its queues with a rescuer are handed to it, now
 * and again, until a worker comes about.
 */
export function awaitWorker(all: Workqueues, machine: Machine, pool: Pool): void {
  if (pool.starving) return
  pool.starving = true
  const sinceNs = machine.nowNs
  const again = (): void => {
    if (pool.worklist.length === 0 || pool.running > 0) {
      pool.starving = false
      return
    }
    if (!all.starved && machine.nowNs - sinceNs >= COOLDOWN_NS) {
      pool.starving = false
      all.kick(pool)
      return
    }
    for (const instance of pool.worklist) callRescuer(machine, instance)
    machine.at(machine.nowNs + INTERVAL_NS, 'workqueue mayday', pool, again)
  }
  machine.at(machine.nowNs + INITIAL_NS, 'workqueue mayday', pool, again)
}

function callRescuer(machine: Machine, instance: Instance): void {
  const { wq } = instance.pwq
  if (!(wq.flags & WQ_MEM_RECLAIM) || wq.$rescuer === null) return
  wq.$maydays.add(instance.pwq.pool)
  machine.wake(wq.$rescuer)
}

/** The thread that each WQ_MEM_RECLAIM queue has in reserve. */
export const rescuerThread = named('rescuer_thread', function* (
  all: Workqueues,
  wq: workqueue_struct,
): Sim {
  while (wq.$rescuer !== null) {
    for (const pool of wq.$maydays) {
      wq.$maydays.delete(pool)
      yield* rescue(all, wq, pool)
    }
    if (wq.$rescuer !== null && wq.$maydays.size === 0)
      yield* sleepOn(null, 'rescue', 'interruptible')
  }
})

/** Executes some items of one queue for a pool. */
function* rescue(all: Workqueues, wq: workqueue_struct, pool: Pool): Sim {
  const machine = currentMachine()
  const worker = newWorker(machine, pool)
  worker.task = wq.$rescuer
  worker.rescuer = true
  worker.idle = false
  all.workerOf.set(wq.$rescuer!, worker)
  pool.workers.push(worker)
  for (let left = ITEMS_MAX; left > 0; left--) {
    const next = pool.worklist.find((instance) => instance.pwq.wq === wq)
    if (next === undefined) break
    if (assign(all, next, worker)) yield* processScheduled(all, worker)
  }
  pool.workers.splice(pool.workers.indexOf(worker), 1)
  if (wq.$rescuer !== null) all.workerOf.delete(wq.$rescuer)
}
