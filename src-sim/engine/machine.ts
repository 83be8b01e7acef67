import { assert } from '../base/assert'
import { Random } from '../base/random'
import { Cpu, type PendingInterrupt } from './cpu'
import { now as running } from './current'
import { DriverRuntime } from './driver-runtime'
import { EventQueue, type TimedEvent } from './events'
import { Exec, Task, type ExecKind } from './exec'
import type { Footprint } from './footprint'
import type { Finding } from './finding'
import { hidden } from './object'
import { Scheduler } from './scheduler'
import { fair, type Strategy } from './strategy'
import type { RecordedChoice, Transition } from './transition'
import type { Sim } from './suspend'
import { silentTrouble, type Trouble } from './trouble'

/**
 * When kernel code gives up its CPU although it has not asked to: at any point (full), to real-time
 * tasks at once and to others at the end of a time slice (lazy), never (none).
 */
export type Preemption = 'full' | 'lazy' | 'none'

export interface MachineOptions {
  cpus?: number
  seed?: number
  strategy?: Strategy
  /** Timer frequency; jiffies follow it. */
  hz?: number
  preemption?: Preemption
  /**
   * Keep the meaning of every choice (costs time); without it only indices are kept. Timed runs
   * choose nothing, and keep nothing.
   */
  recordKeys?: boolean
  /** How far ahead of a runnable context the clock may run in chosen schedules. */
  lagMaxNs?: number
  stepsMax?: number
}

/** What listens to the scheduler: the trace, and checkers. All optional. */
export interface Observer {
  contextStart?(exec: Exec): void
  contextEnd?(exec: Exec): void
  switched?(cpu: Cpu, from: Task | null, to: Task | null): void
  woken?(task: Task): void
  /** An object got its identity (the same number in every run of the same schedule). */
  objectNamed?(object: object, id: number, parent: number): void
  taskCreated?(task: Task, parent: Exec | null): void
  /** Called before a transition is executed. */
  step?(transition: Transition): void
}

export type StopReason = 'finished' | 'deadlock' | 'panic' | 'until' | 'stopped'

/**
 * The simulated computer: CPUs, contexts, virtual time and choices. It knows nothing of Linux; the
 * kernel's subsystems live in `services` and use `spawn`, `at`, `interrupt` and `pushContext`.
 *
 * A run is a pure function of (what was spawned, seed, choices).
 */
export class Machine {
  readonly cpus: Cpu[] = []
  readonly events = new EventQueue()
  readonly services: unknown[] = []
  /** By service: who wants to be told when it is built. */
  readonly serviceListeners: (((part: unknown) => void)[] | undefined)[] = []
  readonly runtime: DriverRuntime
  readonly seed: number
  hz: number
  preemption: Preemption
  readonly strategy: Strategy
  /** Filled when the strategy asks what transitions touch. */
  readonly footprint: Footprint | null
  readonly timed: boolean
  readonly lagMaxNs: number
  readonly findings: Finding[] = []
  readonly tasks: Task[] = []
  /** Every context that is not over, by id. */
  readonly contexts = new Map<number, Exec>()
  readonly choices: RecordedChoice[] = []
  readonly recordKeys: boolean
  stepsMax: number
  /** Virtual nanoseconds since boot. */
  nowNs = 0
  steps = 0
  stop: StopReason | null = null
  stopText = ''
  /** The task whose end ends the run. */
  main: Task | null = null
  observer: Observer = {}
  trouble: Trouble = silentTrouble
  /** Set by the softirq code: runs what is pending when the outermost interrupt ends. */
  interruptExit: (cpu: Cpu) => void = () => {}
  /** Called when lab code goes on into a kernel function: its first argument may be dead by now. */
  beforeCall: ((exec: Exec) => void) | null = null
  /** Extra virtual time that the operation in progress takes (udelay, MMIO). */
  extraCostNs = 0
  readonly scheduler: Scheduler

  #random: Random | null = null
  #pids = 0
  #objectIds = 0
  #loops = 0

  constructor(options: MachineOptions = {}) {
    this.seed = options.seed ?? 0
    this.hz = options.hz ?? 250
    this.preemption = options.preemption ?? 'full'
    this.strategy = options.strategy ?? fair
    this.footprint = this.strategy.footprint ?? null
    this.timed = this.strategy.timed
    this.recordKeys = !this.timed && (options.recordKeys ?? false)
    this.lagMaxNs = options.lagMaxNs ?? 200_000_000
    this.stepsMax = options.stepsMax ?? Infinity
    for (let i = 0; i < (options.cpus ?? 2); i++) this.cpus.push(new Cpu(i))
    this.runtime = new DriverRuntime(this)
    this.runtime.watch = false
    this.scheduler = new Scheduler(this)
  }

  /** An independent stream of numbers for one purpose. */
  random(name: string): Random {
    return new Random(this.seed, name)
  }

  nextRandom(): number {
    this.#random ??= new Random(this.seed, 'machine')
    return this.#random.uint32()
  }

  /** The identity of an object in traces and choices; given on first asking, in order. */
  idOf(object: object): number {
    const h = hidden(object)
    if (h.$id) return h.$id
    const parent = h.$parent ? this.idOf(h.$parent) : 0
    h.$id = ++this.#objectIds
    this.observer.objectNamed?.(object, h.$id, parent)
    return h.$id
  }

  /** Creates a task that is ready to run. Its function's answer becomes `task.result`. */
  spawn(comm: string, body: Sim<unknown>, options: SpawnOptions = {}): Task {
    const cpu = this.cpus[options.cpu ?? 0]!
    const task = new Task(comm, ++this.#pids, ++this.#objectIds, cpu, options.kernel ?? true)
    if (options.cpu !== undefined && options.bound) task.affinity = 1 << options.cpu
    if (options.priority !== undefined) task.priority = options.priority
    task.push(body)
    this.tasks.push(task)
    this.contexts.set(task.id, task)
    this.observer.taskCreated?.(task, running.exec)
    if (options.asleep) {
      task.state = 'uninterruptible'
      task.sleepSinceNs = this.nowNs
    } else this.scheduler.queues.enqueue(task, options.cpu)
    return task
  }

  /** Starts an interrupt-like context on top of whatever the CPU runs. */
  pushContext(cpu: Cpu, kind: Exclude<ExecKind, 'task'>, name: string, body: Sim<unknown>): Exec {
    const exec = new Exec(kind, name, ++this.#objectIds, cpu)
    exec.push(body)
    exec.savedIrqsOff = cpu.irqsOff
    exec.savedPreemptCount = cpu.preemptCount
    cpu.stack.push(exec)
    this.contexts.set(exec.id, exec)
    if (this.timed) cpu.busyUntilNs = Math.max(cpu.busyUntilNs, this.nowNs)
    this.observer.contextStart?.(exec)
    return exec
  }

  /** Makes an interrupt pending on a CPU; it is taken as soon as the CPU (and the schedule) allow. */
  interrupt(cpu: Cpu, interrupt: PendingInterrupt): void {
    interrupt.sinceNs = this.nowNs
    if (interrupt.nmi === true) cpu.interrupts.unshift(interrupt)
    else cpu.interrupts.push(interrupt)
  }

  at(timeNs: number, name: string, object: object | null, fire: () => void): TimedEvent {
    return this.events.schedule(Math.max(timeNs, this.nowNs), name, object, fire)
  }

  /** Housekeeping: does not keep the machine running and is never offered early. */
  atBackground(timeNs: number, name: string, fire: () => void): TimedEvent {
    return this.events.schedule(Math.max(timeNs, this.nowNs), name, null, fire, true)
  }

  /** Makes a sleeping task runnable; false when it was not asleep. */
  wake(task: Task): boolean {
    return this.scheduler.queues.wake(task)
  }

  /** Lets the contexts that busy-wait for `object` look again. */
  unspin(object: object): void {
    for (const exec of this.contexts.values())
      if (exec.spinningOn === object) this.unspinOne(exec)
  }

  /** Lets one busy-waiting context look again: for waiters that are served in turn. */
  unspinOne(exec: Exec): void {
    this.footprint?.touch(exec, true)
    exec.spinningOn = null
    if (!this.timed) return
    const cpu = exec.cpu
    if (cpu.top === exec) cpu.busyUntilNs = Math.max(cpu.busyUntilNs, this.nowNs)
  }

  /** Virtual time that the operation in progress takes beyond its default cost. */
  consume(ns: number): void {
    this.extraCostNs += ns
  }

  panic(text: string): void {
    this.halt('panic', text)
  }

  halt(reason: StopReason, text: string): void {
    if (this.stop !== null) return
    this.touchAll()
    this.stop = reason
    this.stopText = text
  }

  /** Notes that the transition in progress looks at what runs and waits on all CPUs. */
  touchCpus(write = false): void {
    if (this.footprint === null) return
    for (const cpu of this.cpus) this.footprint.touch(cpu.queue, write)
  }

  /** Notes that nothing may change places with the transition in progress. */
  touchAll(): void {
    this.footprint?.everything()
    this.touchCpus(true)
  }

  /** Loops inside code that runs atomically cannot suspend: bound them hard. */
  chargeAtomicLoop(): void {
    if (++this.#loops > 4_000_000 / this.runtime.fuel) {
      this.#loops = 0
      this.trouble.endlessAtomicLoop()
    }
  }

  /** Executes one transition. False when the machine has stopped. */
  step(): boolean {
    if (this.stop !== null) return false
    if (this.steps >= this.stepsMax) {
      this.halt('until', `stopped after ${this.steps} steps`)
      return false
    }
    const savedMachine = running.machine
    running.machine = this
    try {
      return this.scheduler.step()
    } finally {
      running.machine = savedMachine
      running.exec = null
      running.cpu = null
    }
  }

  /** Runs until the machine stops, or the next transition would begin at or after `untilNs`. */
  run(untilNs = Infinity, stepMax = Infinity): StopReason | null {
    assert(running.machine === null, 'a machine cannot be run from inside a machine')
    running.machine = this
    try {
      const { scheduler } = this
      while (this.stop === null && this.steps < stepMax && this.nowNs < untilNs) {
        if (this.steps >= this.stepsMax) this.halt('until', `stopped after ${this.steps} steps`)
        else scheduler.step()
      }
    } finally {
      running.machine = null
      running.exec = null
      running.cpu = null
    }
    return this.stop
  }

  /**
   * Lets go of what hangs on the machine after its run. Functions of the lab outlive it for a while
   * (the host's collector treats their shapes as old), and would keep the whole machine with them.
   */
  dismantle(): void {
    for (const task of this.tasks) {
      task.frames.length = 0
      task.local = null
      task.kernel = null
    }
    for (const cpu of this.cpus) {
      cpu.stack.length = 0
      cpu.queue.length = 0
      cpu.current = null
    }
    this.services.length = 0
    this.serviceListeners.length = 0
    this.tasks.length = 0
    this.contexts.clear()
    this.main = null
    this.observer = {}
    this.trouble = silentTrouble
    this.interruptExit = () => {}
    this.beforeCall = null
    this.runtime.dismantle()
  }

  /** Runs `fn` as if called from inside the machine (set-up code, events). */
  inside<T>(fn: () => T): T {
    const saved = running.machine
    running.machine = this
    try {
      return fn()
    } finally {
      running.machine = saved
    }
  }
}

export interface SpawnOptions {
  cpu?: number
  /** Stay on `cpu` for ever. */
  bound?: boolean
  priority?: number
  kernel?: boolean
  /** Created asleep; `wake` starts it. */
  asleep?: boolean
}
