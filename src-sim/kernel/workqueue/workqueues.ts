import { Hook } from '../../base/disposable'
import type { Cpu } from '../../engine/cpu'
import { now } from '../../engine/current'
import type { Task } from '../../engine/exec'
import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import { tasklets } from '../irq/tasklet'
import { HI_SOFTIRQ, softirqs, TASKLET_SOFTIRQ } from '../irq/softirq'
import { runBhPool } from './bh'
import {
  DEPRECATED, workqueue_struct, WQ_BH, WQ_FREEZABLE, WQ_HIGHPRI, WQ_PERCPU, WQ_POWER_EFFICIENT,
  WQ_UNBOUND,
  type Instance, type Pool, type PoolQueue, type Worker, type work_func_t, type work_struct,
} from './structs'
import { awaitWorker } from './rescuer'
import { watchPools } from './watchdog'
import { createWorker } from './worker'

export const MAX_ACTIVE = 2048
export const DEFAULT_ACTIVE = 1024
const HOG_NS = 10_000_000

/** All pools and queues of the machine, and what checkers can listen to. */
export class Workqueues {
  readonly on = {
    init: new Hook<[work_struct]>(),
    /** Put on a queue, and taken off it (to run, or cancelled). */
    activate: new Hook<[work_struct, workqueue_struct]>(),
    deactivate: new Hook<[work_struct]>(),
    start: new Hook<[work_struct, work_func_t, workqueue_struct]>(),
    end: new Hook<[work_struct, work_func_t, workqueue_struct]>(),
    /**
     * Somebody is about to wait for a work item; `viaQueue` when waiting for the whole queue
     * would amount to the same (one item at a time, or a rescuer).
     */
    flushWork: new Hook<[work_struct, workqueue_struct, viaQueue: boolean]>(),
    flushQueue: new Hook<[workqueue_struct]>(),
  }
  readonly once = new Set<string>()
  readonly all = new Set<workqueue_struct>()
  readonly workerOf = new Map<Task, Worker>()
  /** Memory is so short that no thread can be made: only rescuers help. */
  starved = false
  #frozen = false
  readonly #machine: Machine
  readonly #pools: { normal: Pool; high: Pool; bh: Pool; bhHigh: Pool }[]
  readonly #unbound: Pool
  readonly #unboundHigh: Pool
  readonly #system = new Map<string, workqueue_struct>()
  /** Pools that queues with attributes share. */
  readonly #special = new Map<string, Pool>()

  constructor(machine: Machine) {
    this.#machine = machine
    let id = machine.cpus.length * 2
    let bhId = 0
    this.#pools = machine.cpus.map((cpu) => ({
      normal: newPool(id++, cpu, false, false),
      high: newPool(id++, cpu, true, false),
      bh: newPool(bhId++, cpu, false, true),
      bhHigh: newPool(bhId++, cpu, true, true),
    }))
    this.#unbound = newPool(id++, null, false, false)
    this.#unboundHigh = newPool(id++, null, true, false)
    watchPools(machine)
    tasklets(machine).before = (cpu, high) => {
      const pools = this.#pools[cpu.id]!
      return runBhPool(high ? pools.bhHigh : pools.bh)
    }
  }

  pools(): Pool[] {
    const perCpu = this.#pools.flatMap((p) => [p.normal, p.high, p.bh, p.bhHigh])
    return [...perCpu, this.#unbound, this.#unboundHigh, ...this.#special.values()]
  }

  /** One of the kernel's own queues, made when first asked for. */
  system(name: keyof typeof SYSTEM): workqueue_struct {
    let wq = this.#system.get(name)
    if (!wq) {
      const [shown, flags, limit] = SYSTEM[name]
      wq = new workqueue_struct(shown, flags, limit)
      wq.$system = true
      this.connect(wq)
      this.#system.set(name, wq)
    }
    return wq
  }

  /** Gives a new queue its pools. */
  connect(wq: workqueue_struct): void {
    const high = (wq.flags & WQ_HIGHPRI) !== 0
    const queue = (pool: Pool): PoolQueue => ({ wq, pool, active: 0, inactive: [] })
    if (wq.flags & WQ_UNBOUND) wq.$queues = [queue(high ? this.#unboundHigh : this.#unbound)]
    else
      wq.$queues = this.#pools.map((p) =>
        queue(wq.flags & WQ_BH ? (high ? p.bhHigh : p.bh) : high ? p.high : p.normal),
      )
    this.all.add(wq)
  }

  /** The pool of workers with these attributes, for an unbound queue. */
  poolWith(nice: number, cpumask: number): Pool {
    const key = `${nice} ${cpumask}`
    let pool = this.#special.get(key)
    if (!pool) {
      pool = newPool(this.pools().filter((p) => !p.bh).length, null, nice < 0, false)
      pool.attributes = { nice, cpumask }
      this.#special.set(key, pool)
    }
    return pool
  }

  /** From now on the queue's items go to another pool; what is queued stays where it is. */
  moveTo(wq: workqueue_struct, pool: Pool): void {
    wq.$queues = [{ wq, pool, active: 0, inactive: [] }]
  }

  queueOn(wq: workqueue_struct, cpu: Cpu | null): PoolQueue {
    if (wq.$queues.length === 1) return wq.$queues[0]!
    return wq.$queues[(cpu ?? now.cpu ?? this.#machine.cpus[0]!).id]!
  }

  /** The worker that executes this, if one does. */
  currentWorker(): Worker | null {
    const exec = now.exec
    return exec !== null && exec.kind === 'task' ? (this.workerOf.get(exec as Task) ?? null) : null
  }

  /** The worker of `pool` that is just executing the item with the same function. */
  executing(pool: Pool | null, work: work_struct): Worker | null {
    if (pool === null) return null
    return (
      pool.workers.find((w) => w.currentWork === work && w.currentFunc === work.func) ?? null
    )
  }

  activate(instance: Instance): void {
    const { pwq } = instance
    instance.active = true
    pwq.active++
    if (pwq.pool.worklist.length === 0) pwq.pool.progressNs = this.#machine.nowNs
    pwq.pool.worklist.push(instance)
  }

  hasRoom(pwq: PoolQueue): boolean {
    if (this.#frozen && pwq.wq.flags & WQ_FREEZABLE) return false
    return pwq.wq.flags & WQ_BH ? true : pwq.active < pwq.wq.$maxActive
  }

  /** An instance is over (executed or cancelled): the next one of its queue may start. */
  retire(instance: Instance): void {
    const { pwq } = instance
    if (instance.active) {
      pwq.active--
      const next = this.hasRoom(pwq) ? pwq.inactive.shift() : undefined
      if (next) {
        this.activate(next)
        this.kick(pwq.pool)
      }
    }
    pwq.wq.$inFlight.delete(instance)
    pwq.wq.$flushers.wakeAll()
  }

  /** Makes sure that somebody works when there is work and nobody runs. */
  kick(pool: Pool): void {
    if (pool.worklist.length === 0) return
    const machine = this.#machine
    if (pool.bh) {
      softirqs(machine).raise(pool.highpri ? HI_SOFTIRQ : TASKLET_SOFTIRQ, pool.cpu!)
      return
    }
    if (pool.running > 0) {
      this.#watchHogs(pool)
      return
    }
    const idle = pool.idle[pool.idle.length - 1]
    if (idle) machine.wake(idle.task!)
    else if (this.starved) awaitWorker(this, machine, pool)
    else createWorker(this, machine, pool)
  }

  /** Freezable queues start nothing until they thaw; what runs goes on to its end. */
  freeze(on: boolean): void {
    this.#frozen = on
    if (on) return
    for (const wq of this.all)
      for (const pwq of wq.$queues) {
        while (pwq.inactive.length > 0 && this.hasRoom(pwq)) this.activate(pwq.inactive.shift()!)
        this.kick(pwq.pool)
      }
  }

  /** Work waits while an item runs without sleeping: after a while it no longer counts. */
  #watchHogs(pool: Pool): void {
    if (pool.hogCheck) return
    const machine = this.#machine
    const counted = pool.workers.filter((w) => !w.uncounted && !w.sleeping && !w.idle)
    const since = Math.min(...counted.map((w) => w.sinceNs), machine.nowNs)
    pool.hogCheck = true
    const atNs = Math.max(since, machine.nowNs - HOG_NS) + HOG_NS
    machine.at(atNs, 'workqueue hog check', null, () => {
      pool.hogCheck = false
      if (pool.worklist.length === 0) return
      for (const worker of pool.workers) this.#checkHog(worker)
      this.kick(pool)
    })
  }

  #checkHog(worker: Worker): void {
    const hogs = !worker.uncounted && !worker.sleeping && worker.current !== null
    if (!hogs || this.#machine.nowNs - worker.sinceNs < HOG_NS) return
    worker.uncounted = true
    worker.cpuIntensive = true
    worker.pool.running--
  }
}

export const workqueues = service((machine) => new Workqueues(machine))

function newPool(id: number, cpu: Cpu | null, highpri: boolean, bh: boolean): Pool {
  return {
    id, cpu, highpri, bh, attributes: null, worklist: [], workers: [], idle: [], running: 0, nextWorkerId: 1,
    hogCheck: false, starving: false, progressNs: 0,
  }
}

const SYSTEM = {
  system_wq: ['events', WQ_PERCPU | DEPRECATED, DEFAULT_ACTIVE],
  system_percpu_wq: ['events', WQ_PERCPU, DEFAULT_ACTIVE],
  system_highpri_wq: ['events_highpri', WQ_PERCPU | WQ_HIGHPRI, DEFAULT_ACTIVE],
  system_long_wq: ['events_long', WQ_PERCPU, DEFAULT_ACTIVE],
  system_unbound_wq: ['events_unbound', WQ_UNBOUND | DEPRECATED, MAX_ACTIVE],
  system_dfl_wq: ['events_unbound', WQ_UNBOUND, MAX_ACTIVE],
  system_dfl_long_wq: ['events_dfl_long', WQ_UNBOUND, MAX_ACTIVE],
  system_freezable_wq: ['events_freezable', WQ_PERCPU | WQ_FREEZABLE, DEFAULT_ACTIVE],
  system_power_efficient_wq: [
    'events_power_efficient', WQ_PERCPU | WQ_POWER_EFFICIENT, DEFAULT_ACTIVE,
  ],
  system_freezable_power_efficient_wq: [
    'events_freezable_pwr_efficient', WQ_PERCPU | WQ_FREEZABLE | WQ_POWER_EFFICIENT, DEFAULT_ACTIVE,
  ],
  system_bh_wq: ['events_bh', WQ_BH | WQ_PERCPU, 0],
  system_bh_highpri_wq: ['events_bh_highpri', WQ_BH | WQ_PERCPU | WQ_HIGHPRI, 0],
} as const
export type SystemQueue = keyof typeof SYSTEM
export const SYSTEM_QUEUES = Object.keys(SYSTEM) as SystemQueue[]
