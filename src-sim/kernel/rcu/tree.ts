import { Hook } from '../../base/disposable'
import { machine as currentMachine, now } from '../../engine/current'
import type { Cpu } from '../../engine/cpu'
import type { TimedEvent } from '../../engine/events'
import type { Exec, Task } from '../../engine/exec'
import type { Machine } from '../../engine/machine'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { call, point, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { named } from '../api'
import { emit } from '../emit'
import { hardirq } from '../irq/hardirq'
import { openSoftirq, raiseSoftirq, RCU_SOFTIRQ } from '../irq/softirq'
import { releaseOn } from '../locking/access'
import { memoryAccess } from '../mm/watch'
import { warn } from '../printk/warn'
import { contextState } from '../sched/context'
import { preemptDisable, preemptEnable, schedHooks } from '../sched/schedule'
import { ExpeditedPeriods } from './expedited'
import { mapAcquire, mapRelease, rcuMaps } from './maps'
import { reportStall } from './stall'

export type RcuFunction = (head: rcu_head) => void

/** What a callback is queued with. */
export class rcu_head extends KernelObject {
  /** @internal */
  $func: RcuFunction | null = null
  /** @internal */
  $queued = false
}

interface Callback {
  head: object
  /** The number of the grace period after which it may run. */
  period: number
  run(): unknown
  func: (...args: never[]) => unknown
}

/** A grace period takes this many jiffies even when there is no reader. */
const PERIOD_JIFFIES = 3
/** The stall timeout with lock proving on. */
const STALL_NS = 26_000_000_000

/**
 * Grace periods: one at a time, each waits for the readers and the non-preemptible regions that it
 * found when it began. Callbacks wait per CPU, in order, for the first one that began after them.
 */
export class Rcu {
  readonly on = {
    queue: new Hook<[head: object, func: (...args: never[]) => unknown]>(),
    invoke: new Hook<[head: object, func: (...args: never[]) => unknown]>(),
    /** A head was queued that is queued already. */
    double: new Hook<[head: object]>(),
    /** A pointer was read, or a wait begun, where it must not be: checkers judge. */
    suspicious: new Hook<[text: string, source: string]>(),
    gpStart: new Hook<[period: number]>(),
    gpEnd: new Hook<[period: number]>(),
    readLock: new Hook<[domain: object | null]>(),
    readUnlock: new Hook<[domain: object | null]>(),
  }
  /** Number of the grace period in progress, or of the last one. */
  period = 0
  /** Number of the last one that is over. */
  completed = 0
  active = false
  readonly #machine: Machine
  readonly #expedited: ExpeditedPeriods
  readonly #queues: Callback[][]
  readonly #waiters: { period: number; done: () => void }[] = []
  /** CPUs on which a callback runs: it counts as queued until it is over. */
  readonly #invoking = new Set<Cpu>()
  #blockers = new Set<Exec>()
  #cpus = new Set<Cpu>()
  #wanted = 0
  #earliestNs = 0
  #startedNs = 0
  #stalled = false
  #check: TimedEvent | null = null
  #warnedSwitch = false

  constructor(machine: Machine) {
    this.#machine = machine
    this.#expedited = new ExpeditedPeriods(machine)
    this.#queues = machine.cpus.map(() => [])
    schedHooks(machine).blocking.add((task) => this.#noteSwitch(task))
    machine.inside(() => openSoftirq(RCU_SOFTIRQ, (cpu) => this.#invoke(cpu)))
  }

  /** The first grace period that begins from now on. */
  #next(): number {
    return this.period + 1
  }

  queue(head: object, func: (...args: never[]) => unknown, run: () => unknown): void {
    const cpu = now.cpu ?? this.#machine.cpus[0]!
    const queue = this.#queues[cpu.id]!
    queue.push({ head, func, run, period: this.#next() })
    this.on.queue.emit(head, func)
    emit(ev.rcu_callback, 'rcu_preempt', head, func, queue.length)
    this.wantPeriod()
  }

  /** Calls `done` when all readers that exist now are gone. */
  afterReaders(done: () => void, expedited: boolean): void {
    if (expedited) return this.#expedited.begin(done)
    this.#waiters.push({ period: this.#next(), done })
    this.wantPeriod()
  }

  /** Callbacks of a CPU that are not over. */
  pendingOn(cpu: Cpu): number {
    return this.#queues[cpu.id]!.length + (this.#invoking.has(cpu) ? 1 : 0)
  }

  /**
   * Puts a callback of the kernel's own behind what is queued on `cpu`, to run with the last of
   * it.
   */
  entrain(cpu: Cpu, run: () => unknown): void {
    const queue = this.#queues[cpu.id]!
    const period = queue.length > 0 ? queue[queue.length - 1]!.period : this.completed
    queue.push({ head: queue, func: run, run, period })
  }

  /** Somebody needs a grace period that begins from now on. */
  wantPeriod(): void {
    this.#wanted = Math.max(this.#wanted, this.#next())
    if (!this.active) this.#begin()
  }

  #begin(): void {
    const machine = this.#machine
    this.active = true
    this.period++
    this.#startedNs = machine.nowNs
    this.#stalled = false
    emit(ev.rcu_grace_period, 'rcu_preempt', this.period, 'start')
    this.on.gpStart.emit(this.period)
    for (const exec of machine.contexts.values()) {
      const state = contextState(exec)
      if (state.rcuDepth === 0 || !preemptibleRcu(machine)) continue
      state.rcuBlocks = true
      this.#blockers.add(exec)
    }
    for (const cpu of machine.cpus) if (cpuIsReader(cpu)) this.#cpus.add(cpu)
    const length = (PERIOD_JIFFIES * 1_000_000_000) / machine.hz
    this.#earliestNs = machine.nowNs + length
    this.#checkAt(this.#earliestNs)
  }

  #checkAt(timeNs: number): void {
    const machine = this.#machine
    if (this.#check) machine.events.cancel(this.#check)
    this.#check = machine.at(timeNs, 'rcu grace period', this.#queues, () => this.#look())
  }

  #look(): void {
    this.#check = null
    for (const cpu of this.#cpus) {
      if (cpuIsReader(cpu)) continue
      this.#cpus.delete(cpu)
      emit(ev.rcu_quiescent_state, 'rcu_preempt', cpu.id)
    }
    for (const exec of this.#blockers) if (exec.finished) this.#blockers.delete(exec)
    if (this.#cpus.size === 0 && this.#blockers.size === 0) this.#end()
    else this.#lookLater()
  }

  /** Readers tell when they leave; CPUs must be asked. Stuck ones do not keep the machine awake. */
  #lookLater(): void {
    const machine = this.#machine
    const tick = 1_000_000_000 / machine.hz
    const stalls = this.#startedNs + STALL_NS
    if (machine.nowNs >= stalls && !this.#stalled) {
      this.#stalled = true
      reportStall(machine, this.period, machine.nowNs - this.#startedNs, this.#cpus, this.#blockers)
    }
    const stuck = this.#cpus.size === 0 || [...this.#cpus].every((cpu) => cpu.top?.spinningOn)
    if (!stuck && !this.#stalled) this.#checkAt(machine.nowNs + tick)
    else {
      const next = this.#stalled || this.#cpus.size > 0 ? machine.nowNs + tick : stalls
      this.#check = machine.atBackground(next, 'rcu grace period', () => this.#look())
    }
  }

  /** A reader that the grace period waited for has ended. */
  readerLeft(exec: Exec): void {
    contextState(exec).rcuBlocks = false
    this.#expedited.readerLeft(exec)
    this.#blockers.delete(exec)
    if (this.active && this.#blockers.size === 0)
      this.#checkAt(Math.max(this.#earliestNs, this.#machine.nowNs))
  }

  #end(): void {
    const machine = this.#machine
    this.active = false
    this.completed = this.period
    emit(ev.rcu_grace_period, 'rcu_preempt', this.period, 'end')
    this.on.gpEnd.emit(this.period)
    const over = this.#waiters.filter((w) => w.period <= this.period)
    const left = this.#waiters.filter((w) => w.period > this.period)
    this.#waiters.splice(0, this.#waiters.length, ...left)
    for (const waiter of over) waiter.done()
    for (const cpu of machine.cpus) {
      const first = this.#queues[cpu.id]![0]
      if (first && first.period <= this.period)
        machine.interrupt(
          cpu,
          { name: 'rcu', source: this.#queues, start: () => rcuInterrupt(this) },
        )
    }
    if (this.#wanted > this.period) this.#begin()
  }

  *#invoke(cpu: Cpu): Sim {
    const queue = this.#queues[cpu.id]!
    const { callback } = rcuMaps(this.#machine)
    while (queue.length > 0 && queue[0]!.period <= this.completed) {
      const { head, func, run } = queue.shift()!
      this.#invoking.add(cpu)
      yield point(func, head)
      memoryAccess(this.#machine).touch(head, 'next', false, 'rcu_cblist_dequeue')
      this.on.invoke.emit(head, func)
      emit(ev.rcu_invoke_callback, 'rcu_preempt', head, func)
      mapAcquire(callback, 0)
      yield* call(run)
      mapRelease(callback)
      releaseOn(this)
      this.#invoking.delete(cpu)
      emit(ev.rcu_callback_end, 'rcu_preempt', func)
    }
  }

  #noteSwitch(task: Task): void {
    if (contextState(task).rcuDepth === 0 || this.#warnedSwitch) return
    if (!preemptibleRcu(this.#machine)) return
    this.#warnedSwitch = true
    warn(
      this.#machine,
      'rcu-context-switch',
      'kernel/rcu/tree_plugin.h:332 at rcu_note_context_switch',
      'Voluntary context switch within RCU read-side critical section!',
      { rules: ['CTX-09', 'RCU-09'] },
    )
  }
}

const rcuInterrupt = named('rcu_sched_clock_irq', function* (rcu: Rcu): Sim {
  yield* hardirq(rcu, 'rcu', function* () {
    raiseSoftirq(RCU_SOFTIRQ)
  })
})

/** Runs something that cannot be preempted: a reader by itself. */
export const cpuIsReader = (cpu: Cpu): boolean => !cpu.idle && (cpu.preemptCount !== 0 || cpu.irqsOff)

export const rcu = service((machine) => new Rcu(machine))

/**
 * Readers can be preempted. In the other preemption models they are regions without preemption,
 * and a grace period waits for CPUs alone.
 */
export const preemptibleRcu = (machine: Machine): boolean => machine.preemption === 'full'

/** Enters a reader. Nests; must not sleep inside. */
export function rcuReadLock(): void {
  const m = currentMachine()
  const { exec } = now
  if (!preemptibleRcu(m)) preemptDisable()
  if (exec !== null) contextState(exec).rcuDepth++
  const all = rcu(m)
  all.on.readLock.emit(null)
  mapAcquire(rcuMaps(m).rcu, 2)
  emit(ev.rcu_read_lock, 'rcu', null)
}

export function rcuReadUnlock(): void {
  const m = currentMachine()
  const { exec } = now
  mapRelease(rcuMaps(m).rcu)
  emit(ev.rcu_read_unlock, 'rcu', null)
  const all = rcu(m)
  all.on.readUnlock.emit(null)
  if (!preemptibleRcu(m)) preemptEnable()
  if (exec === null) return
  const state = contextState(exec)
  if (state.rcuDepth > 0) state.rcuDepth--
  if (state.rcuDepth === 0 && state.rcuBlocks) all.readerLeft(exec)
}

/** Whether the running context is inside a reader. */
export const rcuReadLockHeld = (): boolean =>
  now.exec !== null && contextState(now.exec).rcuDepth > 0
