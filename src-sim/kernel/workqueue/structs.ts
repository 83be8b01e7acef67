import type { Cpu } from '../../engine/cpu'
import type { Task } from '../../engine/exec'
import { KernelObject } from '../../engine/object'
import { WaitList } from '../sched/schedule'
import { timer_list } from '../time/timer'

export const WQ_BH = 1 << 0
export const WQ_UNBOUND = 1 << 1
export const WQ_FREEZABLE = 1 << 2
export const WQ_MEM_RECLAIM = 1 << 3
export const WQ_HIGHPRI = 1 << 4
export const WQ_CPU_INTENSIVE = 1 << 5
export const WQ_SYSFS = 1 << 6
export const WQ_POWER_EFFICIENT = 1 << 7
export const WQ_PERCPU = 1 << 8
export const DESTROYING = 1 << 15
export const DRAINING = 1 << 16
export const ORDERED = 1 << 17
export const LEGACY = 1 << 18
export const DEPRECATED = 1 << 19

export type work_func_t = (work: work_struct) => void

/** A function to be called by a worker: `struct work_struct`. */
export class work_struct extends KernelObject {
  func: work_func_t | null = null
  /** @internal Queued, waiting for its timer, or owned by somebody who is changing it. */
  $pending = false
  /** @internal Its place on a queue; null while it only waits for a timer. */
  $instance: Instance | null = null
  /** @internal Where it ran or waited last; decides where it may run next. */
  $lastPool: Pool | null = null
  /** @internal */
  $disabled = 0
  /** @internal */
  $initialised = false
}

/** A work item that is queued after a while: `struct delayed_work`. */
export class delayed_work extends KernelObject {
  work = new work_struct()
  timer = new timer_list()
  /** @internal */
  $wq: workqueue_struct | null = null
  /** @internal */
  $cpu: Cpu | null = null

  constructor() {
    super()
    this.work.$parent = this
    this.work.$field = 'work'
    this.timer.$parent = this
    this.timer.$field = 'timer'
  }
}

/** Somebody waits until an instance has been executed. */
export class Barrier {
  done = false
  readonly waiters = new WaitList()
}

/**
 * One time that a work item is queued. A cancelled instance that somebody flushes leaves its
 * barriers behind (`work` is null then), at its place in the queue.
 */
export interface Instance {
  work: work_struct | null
  pwq: PoolQueue
  /** Order of queueing within the workqueue. */
  seq: number
  barriers: Barrier[]
  /** Counted against the queue's limit, and on the pool's list (or running). */
  active: boolean
}

/** The part of a workqueue that feeds one pool. */
export interface PoolQueue {
  wq: workqueue_struct
  pool: Pool
  active: number
  inactive: Instance[]
}

/** Workers that share a list of work: of one CPU, or of no CPU in particular. */
export interface Pool {
  id: number
  cpu: Cpu | null
  highpri: boolean
  bh: boolean
  /** What its workers may do, when a queue has asked for something of its own. */
  attributes: { nice: number; cpumask: number } | null
  worklist: Instance[]
  workers: Worker[]
  /** The one that went idle last is at the end, and is woken first. */
  idle: Worker[]
  /** Workers that run (do not sleep) and count for concurrency. */
  running: number
  nextWorkerId: number
  hogCheck: boolean
  /** A worker is needed and cannot be made: rescuers are called. */
  starving: boolean
  /** When an item was last taken, or put on the empty list. */
  progressNs: number
}

export interface Worker {
  pool: Pool
  task: Task | null
  current: Instance | null
  currentWork: work_struct | null
  currentFunc: work_func_t | null
  scheduled: Instance[]
  /** Blocked inside a work function. */
  sleeping: boolean
  idle: boolean
  /** Does not count for concurrency. */
  uncounted: boolean
  cpuIntensive: boolean
  /** Since when it runs without having slept. */
  sinceNs: number
  /** When the current item was begun. */
  startedNs: number
  /** The reserve thread of a queue, for the time being. */
  rescuer: boolean
  /** What it says of itself. */
  description: string
}

/** `struct workqueue_struct`. */
export class workqueue_struct extends KernelObject {
  name: string
  flags: number
  /** @internal */
  $maxActive: number
  /** @internal One for each CPU, or a single one. */
  $queues: PoolQueue[] = []
  /** @internal */
  $seq = 0
  /** @internal All instances queued and not executed, oldest first. */
  $inFlight = new Set<Instance>()
  /** @internal */
  $flushers = new WaitList()
  /** @internal */
  $drainers = 0
  /** @internal */
  $rescuer: Task | null = null
  /** @internal Pools that its rescuer is called to. */
  readonly $maydays = new Set<Pool>()
  /** @internal It has a directory under /sys. */
  $shown = false
  /** @internal A queue of the kernel's own, that drivers should not flush. */
  $system = false

  constructor(name: string, flags: number, maxActive: number) {
    super()
    this.name = name
    this.flags = flags
    this.$maxActive = maxActive
  }
}
