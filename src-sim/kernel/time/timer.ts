import { Hook } from '../../base/disposable'
import type { Cpu } from '../../engine/cpu'
import { machine as currentMachine, now } from '../../engine/current'
import type { TimedEvent } from '../../engine/events'
import type { Machine } from '../../engine/machine'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { timer_cancel, timer_init, timer_shutdown, timer_start } from '../../trace/events'
import { emit } from '../emit'
import { memoryAccess } from '../mm/watch'
import { openSoftirq, softirqs, TIMER_SOFTIRQ } from '../irq/softirq'
import { jiffies, jiffyStartNs } from './clock'
import { runTimerSoftirq, tick } from './timer-run'
import { slotFor, TimerBase, type BaseKind, type Slot } from './wheel'

export const TIMER_CPUMASK = 0x3ffff
export const TIMER_DEFERRABLE = 0x80000
export const TIMER_PINNED = 0x100000
export const TIMER_IRQSAFE = 0x200000

export type timer_function = (timer: timer_list) => void

/** A callback at some jiffy: `struct timer_list`. */
export class timer_list extends KernelObject {
  expires = 0
  function: timer_function | null = null
  flags = 0
  /** @internal The bucket it is queued in; null while not pending. */
  $bucket: timer_list[] | null = null
  /** @internal */
  $slot: Slot | null = null
  /** @internal The wheel it was last armed on. */
  $base: TimerBase | null = null
}

export interface ModOptions {
  pendingOnly?: boolean
  reduce?: boolean
}

/** The wheels of all CPUs and the tick that drives them. */
export class Timers {
  readonly on = {
    init: new Hook<[timer_list]>(),
    /** Before a timer is used: never initialised ones are noticed here. */
    assertInit: new Hook<[timer_list]>(),
    arm: new Hook<[timer_list]>(),
    /** Taken off the wheel, by a delete or because it expires. */
    deactivate: new Hook<[timer_list]>(),
    start: new Hook<[timer_list, timer_function]>(),
    end: new Hook<[timer_list, timer_function]>(),
    /** Somebody makes sure that the callback is not running (any more). */
    deleteSync: new Hook<[timer_list]>(),
  }
  readonly once = new Set<string>()
  readonly #machine: Machine
  readonly #bases: Record<BaseKind, TimerBase>[]
  readonly #ticks: (TimedEvent | null)[]
  readonly #tickJiffy: number[]
  readonly #deferred: (TimedEvent | null)[]

  constructor(machine: Machine) {
    this.#machine = machine
    const clk = jiffies(machine)
    this.#bases = machine.cpus.map((cpu) => ({
      local: new TimerBase(cpu, 'local', clk),
      global: new TimerBase(cpu, 'global', clk),
      deferrable: new TimerBase(cpu, 'deferrable', clk),
    }))
    this.#ticks = machine.cpus.map(() => null)
    this.#tickJiffy = machine.cpus.map(() => Infinity)
    this.#deferred = machine.cpus.map(() => null)
    machine.inside(() => openSoftirq(TIMER_SOFTIRQ, runTimerSoftirq))
  }

  /** The wheels of a CPU in the order in which they are run. */
  bases(cpu: Cpu): TimerBase[] {
    const { local, global, deferrable } = this.#bases[cpu.id]!
    return [local, global, deferrable]
  }

  base(cpu: Cpu, flags: number): TimerBase {
    const bases = this.#bases[cpu.id]!
    if (flags & TIMER_DEFERRABLE) return bases.deferrable
    return flags & TIMER_PINNED ? bases.local : bases.global
  }

  /** The wheel a timer is on, or was on last. */
  baseOf(timer: timer_list): TimerBase {
    return (timer.$base ??= this.base(this.#machine.cpus[0]!, timer.flags))
  }

  due(cpu: Cpu): boolean {
    const now = jiffies(this.#machine)
    return this.bases(cpu).some((base) => base.nextExpiry <= now)
  }

  /** Sees to it that the CPU gets a tick when its next timer is due. */
  program(cpu: Cpu): void {
    const machine = this.#machine
    const { local, global, deferrable } = this.#bases[cpu.id]!
    const next = jiffies(machine) + 1
    const wanted = Math.max(Math.min(local.nextExpiry, global.nextExpiry), next)
    const jiffy = Math.min(local.nextExpiry, global.nextExpiry) === Infinity ? Infinity : wanted
    if (jiffy !== this.#tickJiffy[cpu.id]) {
      const old = this.#ticks[cpu.id]
      if (old) machine.events.cancel(old)
      this.#tickJiffy[cpu.id] = jiffy
      this.#ticks[cpu.id] =
        jiffy === Infinity
          ? null
          : machine.at(jiffyStartNs(machine, jiffy), 'tick', local, () => this.#fire(cpu))
    }
    if (deferrable.nextExpiry !== Infinity && this.#deferred[cpu.id] === null)
      this.#programDeferrable(cpu, Math.max(deferrable.nextExpiry, next))
  }

  #fire(cpu: Cpu): void {
    this.#tickJiffy[cpu.id] = Infinity
    this.#ticks[cpu.id] = null
    this.#interrupt(cpu)
  }

  #interrupt(cpu: Cpu): void {
    const source = this.#bases[cpu.id]!.local
    if (cpu.interrupts.some((i) => i.source === source)) return
    this.#machine.interrupt(cpu, { name: 'tick', source, start: () => tick(source) })
  }

  /** Deferrable timers do not wake an idle CPU: they wait for a jiffy in which it is awake. */
  #programDeferrable(cpu: Cpu, jiffy: number): void {
    const machine = this.#machine
    this.#deferred[cpu.id] = machine.atBackground(jiffyStartNs(machine, jiffy), 'tick', () => {
      this.#deferred[cpu.id] = null
      machine.touchCpus()
      const { deferrable } = this.#bases[cpu.id]!
      if (deferrable.nextExpiry > jiffies(machine)) this.program(cpu)
      else if (cpu.idle) this.#programDeferrable(cpu, jiffies(machine) + 1)
      else this.#interrupt(cpu)
    })
  }

  setup(timer: timer_list, fn: timer_function | null, flags: number): void {
    this.on.init.emit(timer)
    const cpu = now.cpu ?? this.#machine.cpus[0]!
    timer.$bucket = null
    timer.$slot = null
    timer.function = fn
    timer.flags = flags | cpu.id
    timer.$base = this.base(cpu, flags)
    emit(timer_init, timer)
  }

  /** The heart of mod_timer and its kin: 1 when the timer was pending already. */
  modify(timer: timer_list, expires: number, options: ModOptions = {}): number {
    memoryAccess(this.#machine).touch(timer, 'function', true, '__mod_timer')
    this.on.assertInit.emit(timer)
    if (timer.$bucket !== null) {
      if (timer.expires === expires) return 1
      if (options.reduce && timer.expires <= expires) return 1
    }
    if (timer.function === null) return 0
    const base = this.baseOf(timer)
    base.forward(jiffies(this.#machine))
    if (timer.$bucket !== null && slotFor(expires, base.clk).index === timer.$slot!.index) {
      timer.expires = expires
      return 1
    }
    const was = this.detach(timer)
    if (!was && options.pendingOnly) return 0
    const cpu = now.cpu ?? base.cpu
    const target = base.running === timer ? base : this.base(cpu, timer.flags)
    this.#enqueue(timer, target, expires)
    return was ? 1 : 0
  }

  /** Arms an inactive timer on a given CPU, wherever its callback may be running. */
  addOn(timer: timer_list, cpu: Cpu): void {
    this.on.assertInit.emit(timer)
    if (timer.function === null) return
    this.#enqueue(timer, this.base(cpu, timer.flags), timer.expires)
  }

  #enqueue(timer: timer_list, base: TimerBase, expires: number): void {
    base.forward(jiffies(this.#machine))
    timer.$base = base
    timer.flags = (timer.flags & ~TIMER_CPUMASK) | base.cpu.id
    timer.expires = expires
    this.on.arm.emit(timer)
    base.insert(timer, slotFor(expires, base.clk))
    emit(timer_start, timer, timer.function, Math.max(0, expires), timer.flags)
    this.program(base.cpu)
  }

  /** Takes a timer off its wheel; false when it was not on one. */
  detach(timer: timer_list): boolean {
    if (timer.$bucket === null) return false
    const base = timer.$base!
    base.remove(timer)
    this.on.deactivate.emit(timer)
    this.program(base.cpu)
    return true
  }

  /** timer_delete and timer_shutdown. */
  delete(timer: timer_list, shutdown: boolean): number {
    memoryAccess(this.#machine).touch(timer, 'entry', true, '__timer_delete')
    this.on.assertInit.emit(timer)
    const was = this.detach(timer)
    if (was) emit(timer_cancel, timer)
    if (shutdown) {
      timer.function = null
      emit(timer_shutdown, timer)
    }
    return was ? 1 : 0
  }

  /** As `delete`, or -1 while the callback runs. */
  tryDelete(timer: timer_list, shutdown: boolean): number {
    this.on.assertInit.emit(timer)
    return this.baseOf(timer).running === timer ? -1 : this.delete(timer, shutdown)
  }
}

export const timers = service((machine) => new Timers(machine))

/** The tick has found timers due: the rest is the softirq's. */
export function raiseTimerSoftirq(cpu: Cpu): void {
  const machine = currentMachine()
  if (timers(machine).due(cpu)) softirqs(machine).raise(TIMER_SOFTIRQ, cpu)
  else timers(machine).program(cpu)
}
