import { machine as currentMachine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { jiffies, msecsToJiffies } from '../time/clock'
import type { Pool, Worker } from './structs'
import { assign, newWorker, processScheduled } from './worker'
import { workqueues } from './workqueues'

const ITEMS_MAX = 10

/** Runs the items of a CPU's bottom-half pool, in softirq context and before its tasklets. */
export function* runBhPool(pool: Pool): Sim {
  if (pool.worklist.length === 0) return
  const machine = currentMachine()
  const all = workqueues(machine)
  const worker = workerOf(pool)
  const end = jiffies(machine) + msecsToJiffies(machine, 2)
  for (let item = 0; item < ITEMS_MAX && pool.worklist.length > 0; item++) {
    if (assign(all, pool.worklist[0]!, worker)) yield* processScheduled(all, worker)
    if (jiffies(machine) >= end) break
  }
  all.kick(pool)
}

function workerOf(pool: Pool): Worker {
  let worker = pool.workers[0]
  if (!worker) pool.workers.push((worker = newWorker(currentMachine(), pool)))
  return worker
}
