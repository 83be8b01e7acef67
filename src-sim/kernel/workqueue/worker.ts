import { machine as currentMachine } from '../../engine/current'
import { NORMAL_PRIO } from '../../engine/exec'
import type { Machine } from '../../engine/machine'
import { call, point, type Sim } from '../../engine/suspend'
import { workqueue_execute_end, workqueue_execute_start } from '../../trace/events'
import { named } from '../api'
import { emit } from '../emit'
import { memoryAccess } from '../mm/watch'
import { contextState } from '../sched/context'
import { sleepOn } from '../sched/schedule'
import { checkLeak, depthsNow } from './leak-check'
import {
  WQ_CPU_INTENSIVE, type Barrier, type Instance, type Pool, type Worker,
  type work_func_t, type work_struct,
} from './structs'
import type { Workqueues } from './workqueues'

const HIGHPRI_PRIO = NORMAL_PRIO - 20

/** Adds a worker to a pool. It is idle from the start and looks for work when it first runs. */
export function createWorker(all: Workqueues, machine: Machine, pool: Pool): void {
  const id = pool.nextWorkerId++
  const worker = newWorker(machine, pool)
  const high = pool.highpri ? 'H' : ''
  const comm = pool.cpu ? `kworker/${pool.cpu.id}:${id}${high}` : `kworker/u${pool.id}:${id}${high}`
  const task = machine.spawn(comm, workerThread(all, worker), {
    ...(pool.cpu ? { cpu: pool.cpu.id, bound: true } : {}),
    ...(pool.highpri ? { priority: HIGHPRI_PRIO } : {}),
  })
  if (pool.attributes) {
    task.priority = NORMAL_PRIO + pool.attributes.nice
    task.affinity = pool.attributes.cpumask
    task.cpu = machine.cpus.find((cpu) => (task.affinity >>> cpu.id) & 1) ?? task.cpu
  }
  worker.task = task
  contextState(task).isWorker = true
  task.onBlock = () => blocked(all, worker)
  task.onRun = () => unblocked(machine, worker)
  task.onExit = (exec) => {
    if (exec.died) buried(all, worker)
  }
  all.workerOf.set(task, worker)
  pool.workers.push(worker)
  pool.idle.push(worker)
}

export function newWorker(machine: Machine, pool: Pool): Worker {
  return {
    pool, task: null, current: null, currentWork: null, currentFunc: null, scheduled: [],
    sleeping: false, idle: true, uncounted: true, cpuIntensive: false, sinceNs: machine.nowNs,
    startedNs: machine.nowNs, rescuer: false, description: '',
  }
}

/** A worker goes to sleep inside a work function: another one takes its place. */
function blocked(all: Workqueues, worker: Worker): void {
  if (worker.uncounted || worker.sleeping) return
  worker.sleeping = true
  worker.pool.running--
  all.kick(worker.pool)
}

function unblocked(machine: Machine, worker: Worker): void {
  if (!worker.sleeping) return
  worker.sleeping = false
  worker.sinceNs = machine.nowNs
  if (!worker.uncounted) worker.pool.running++
}

/** An oops in a work function takes the worker with it; the item is never finished. */
function buried(all: Workqueues, worker: Worker): void {
  const { pool } = worker
  if (!worker.uncounted && !worker.sleeping) pool.running--
  worker.uncounted = true
  pool.worklist.unshift(...worker.scheduled.splice(0))
  all.kick(pool)
}

const needMore = (pool: Pool): boolean => pool.worklist.length > 0 && pool.running === 0

const workerThread = named('worker_thread', function* (all: Workqueues, worker: Worker): Sim {
  const { pool } = worker
  for (;;) {
    worker.idle = false
    pool.idle.splice(pool.idle.indexOf(worker), 1)
    if (needMore(pool)) {
      count(worker)
      do {
        if (assign(all, pool.worklist[0]!, worker)) yield* processScheduled(all, worker)
      } while (pool.worklist.length > 0 && pool.running <= 1)
      uncount(worker)
    }
    worker.idle = true
    pool.idle.push(worker)
    yield* sleepOn(null, 'work', 'interruptible')
  }
})

/** Workers of unbound pools never count: there the number of items is the only limit. */
function count(worker: Worker): void {
  if (worker.pool.cpu === null || worker.pool.bh || worker.cpuIntensive) return
  worker.uncounted = false
  worker.pool.running++
}

function uncount(worker: Worker): void {
  if (!worker.uncounted) worker.pool.running--
  worker.uncounted = true
}

/**
 * Gives an instance to a worker; or to the worker that is just executing the same item, so that
 * it never runs twice at a time. False in the second case.
 */
export function assign(all: Workqueues, instance: Instance, worker: Worker): boolean {
  const { pool } = worker
  pool.worklist.splice(pool.worklist.indexOf(instance), 1)
  const other = instance.work === null ? null : all.executing(pool, instance.work)
  ;(other ?? worker).scheduled.push(instance)
  return other === null
}

export function* processScheduled(all: Workqueues, worker: Worker): Sim {
  while (worker.scheduled.length > 0) {
    const instance = worker.scheduled.shift()!
    worker.sinceNs = worker.startedNs = worker.pool.progressNs = currentMachine().nowNs
    if (instance.work !== null) yield* processOne(all, worker, instance, instance.work)
    for (const barrier of instance.barriers.splice(0)) complete(barrier)
  }
}

export function complete(barrier: Barrier): void {
  barrier.done = true
  barrier.waiters.wakeAll()
  currentMachine().unspin(barrier)
}

function* processOne(all: Workqueues, worker: Worker, instance: Instance, work: work_struct): Sim {
  const { pwq } = instance
  const { wq, pool } = pwq
  memoryAccess(currentMachine()).touch(work, 'func', false, 'process_one_work')
  const fn = work.func!
  all.on.deactivate.emit(work)
  worker.current = instance
  worker.currentWork = work
  worker.currentFunc = fn
  const intensive = (wq.flags & WQ_CPU_INTENSIVE) !== 0 && !worker.uncounted
  if (intensive) {
    uncount(worker)
    worker.cpuIntensive = true
  }
  all.kick(pool)
  work.$pending = false
  work.$instance = null
  work.$lastPool = pool
  emit(workqueue_execute_start, work, fn, wq)
  yield point(processOneWork, work)
  yield processOneWork(all, instance, work, fn)
  if (worker.cpuIntensive) {
    worker.cpuIntensive = false
    if (worker.uncounted) count(worker)
  }
  worker.current = null
  worker.currentWork = null
  worker.currentFunc = null
  all.retire(instance)
}

export const processOneWork = named(
  'process_one_work',
  function* (all: Workqueues, instance: Instance, work: work_struct, fn: work_func_t): Sim {
    const { wq } = instance.pwq
    const before = depthsNow()
    all.on.start.emit(work, fn, wq)
    yield* call(() => fn(work))
    all.on.end.emit(work, fn, wq)
    emit(workqueue_execute_end, work, fn)
    if (!instance.pwq.pool.bh) checkLeak(before, fn)
  },
)
