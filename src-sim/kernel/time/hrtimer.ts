import { Hook } from '../../base/disposable'
import type { Cpu } from '../../engine/cpu'
import { now } from '../../engine/current'
import type { TimedEvent } from '../../engine/events'
import type { Exec } from '../../engine/exec'
import type { Machine } from '../../engine/machine'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import {
  hrtimer_cancel, hrtimer_setup, hrtimer_start,
} from '../../trace/events'
import { emit } from '../emit'
import { HRTIMER_SOFTIRQ, openSoftirq } from '../irq/softirq'
import { memoryAccess } from '../mm/watch'
import { warn } from '../printk/warn'
import {
  CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_TAI, clockOffsetNs,
} from './clock'
import { hrtimerInterrupt, runHrtimerSoftirq } from './hrtimer-run'

export const HRTIMER_MODE_ABS = 0x00
export const HRTIMER_MODE_REL = 0x01
export const HRTIMER_MODE_PINNED = 0x02
export const HRTIMER_MODE_SOFT = 0x04
export const HRTIMER_MODE_HARD = 0x08

export const HRTIMER_NORESTART = 0
export const HRTIMER_RESTART = 1

export type hrtimer_function = (timer: hrtimer) => number

/** A callback at some nanosecond: `struct hrtimer`. */
export class hrtimer extends KernelObject {
  /** @internal */
  $function: hrtimer_function | null = null
  /** @internal Latest moment, on the timer's own clock. */
  $expires = 0
  /** @internal Earliest moment. */
  $softExpires = 0
  /** @internal */
  $clock = CLOCK_MONOTONIC
  /** @internal */
  $soft = false
  /** @internal In hardirq context even on a real-time kernel. */
  $hard = false
  /** @internal Where it is queued, or was last. */
  $base: HrtimerBase | null = null
  /** @internal */
  $queued = false
}

/** The timers of one CPU that run in hard (or soft) interrupt context, soonest first. */
export class HrtimerBase {
  readonly cpu: Cpu
  readonly soft: boolean
  readonly queue: hrtimer[] = []
  running: hrtimer | null = null
  runningIn: Exec | null = null

  constructor(cpu: Cpu, soft: boolean) {
    this.cpu = cpu
    this.soft = soft
  }

  insert(timer: hrtimer): void {
    const at = monotonicExpiry(timer)
    let i = this.queue.length
    while (i > 0 && monotonicExpiry(this.queue[i - 1]!) > at) i--
    this.queue.splice(i, 0, timer)
    timer.$base = this
    timer.$queued = true
  }

  remove(timer: hrtimer): void {
    this.queue.splice(this.queue.indexOf(timer), 1)
    timer.$queued = false
  }

  get next(): number {
    return this.queue.length === 0 ? Infinity : monotonicExpiry(this.queue[0]!)
  }
}

export const monotonicExpiry = (timer: hrtimer): number =>
  timer.$expires - clockOffsetNs(timer.$clock)
export const monotonicSoftExpiry = (timer: hrtimer): number =>
  timer.$softExpires - clockOffsetNs(timer.$clock)

const SOURCE = 'kernel/time/hrtimer.c at'
const CLOCKS = [CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI]

export class Hrtimers {
  readonly on = {
    init: new Hook<[hrtimer]>(),
    assertInit: new Hook<[hrtimer]>(),
    arm: new Hook<[hrtimer]>(),
    deactivate: new Hook<[hrtimer]>(),
    start: new Hook<[hrtimer, hrtimer_function]>(),
    end: new Hook<[hrtimer, hrtimer_function]>(),
    cancel: new Hook<[hrtimer]>(),
  }
  readonly once = new Set<string>()
  readonly #machine: Machine
  readonly #hard: HrtimerBase[]
  readonly #soft: HrtimerBase[]
  readonly #events: (TimedEvent | null)[]

  constructor(machine: Machine) {
    this.#machine = machine
    this.#hard = machine.cpus.map((cpu) => new HrtimerBase(cpu, false))
    this.#soft = machine.cpus.map((cpu) => new HrtimerBase(cpu, true))
    this.#events = machine.cpus.map(() => null)
    machine.inside(() => openSoftirq(HRTIMER_SOFTIRQ, runHrtimerSoftirq))
  }

  hard(cpu: Cpu): HrtimerBase {
    return this.#hard[cpu.id]!
  }

  soft(cpu: Cpu): HrtimerBase {
    return this.#soft[cpu.id]!
  }

  /** Programs the CPU's clock event for its next timer, not before `notBeforeNs`. */
  program(cpu: Cpu, notBeforeNs = 0): void {
    const machine = this.#machine
    const next = Math.max(Math.min(this.hard(cpu).next, this.soft(cpu).next), notBeforeNs)
    const old = this.#events[cpu.id]
    if (old && old.timeNs === next && old.slot >= 0) return
    if (old) machine.events.cancel(old)
    this.#events[cpu.id] =
      next === Infinity
        ? null
        : machine.at(next, 'hrtimer', this.hard(cpu), () => {
            this.#events[cpu.id] = null
            this.#interrupt(cpu)
          })
  }

  #interrupt(cpu: Cpu): void {
    const source = this.hard(cpu)
    if (cpu.interrupts.some((i) => i.source === source)) return
    this.#machine.interrupt(cpu, {
      name: 'hrtimer',
      source,
      start: () => hrtimerInterrupt(source),
    })
  }

  setup(timer: hrtimer, fn: hrtimer_function | null, clock: number, mode: number): void {
    this.on.init.emit(timer)
    let clockId = clock
    if (!CLOCKS.includes(clock)) {
      const text = `Invalid clockid ${clock}. Using MONOTONIC`
      warn(this.#machine, 'hrtimer-clock', `${SOURCE} hrtimer_clockid_to_base`, text, {
        rules: ['HRT-01'],
      })
      clockId = CLOCK_MONOTONIC
    }
    if (clockId === CLOCK_REALTIME && mode & HRTIMER_MODE_REL) clockId = CLOCK_MONOTONIC
    if (fn === null && !this.once.has('function')) {
      this.once.add('function')
      warn(this.#machine, 'hrtimer-no-function', 'kernel/time/hrtimer.c at __hrtimer_setup', null, {
        rules: ['HRT-01'],
      })
    }
    timer.$function = fn ?? (() => HRTIMER_NORESTART)
    timer.$clock = clockId
    timer.$soft = (mode & HRTIMER_MODE_SOFT) !== 0
    timer.$hard = (mode & HRTIMER_MODE_HARD) !== 0
    timer.$queued = false
    const cpu = now.cpu ?? this.#machine.cpus[0]!
    timer.$base = timer.$soft ? this.soft(cpu) : this.hard(cpu)
    emit(hrtimer_setup, timer, clockId, mode)
  }

  /** `time` and `slack` in nanoseconds. */
  start(timer: hrtimer, time: number, slack: number, mode: number): void {
    const machine = this.#machine
    memoryAccess(machine).touch(timer, 'function', true, 'hrtimer_start_range_ns')
    this.on.assertInit.emit(timer)
    if (timer.$soft !== ((mode & HRTIMER_MODE_SOFT) !== 0) && !this.once.has('soft')) {
      this.once.add('soft')
      warn(machine, 'hrtimer-soft-mismatch', `${SOURCE} hrtimer_start_range_ns`, null, {
        rules: ['HRT-02'],
      })
    }
    if (timer.$queued) this.dequeue(timer)
    const nowOnClock = machine.nowNs + clockOffsetNs(timer.$clock)
    const soft = mode & HRTIMER_MODE_REL ? nowOnClock + time : time
    timer.$softExpires = soft
    timer.$expires = soft + slack
    const cpu = now.cpu ?? timer.$base!.cpu
    const here = timer.$soft ? this.soft(cpu) : this.hard(cpu)
    const base = timer.$base!.running === timer ? timer.$base! : here
    this.enqueue(timer, base)
    emit(
      hrtimer_start, timer, timer.$function, Math.max(0, timer.$expires), Math.max(0, soft), mode,
    )
    if (base.running === null) this.program(base.cpu)
  }

  enqueue(timer: hrtimer, base: HrtimerBase): void {
    this.on.arm.emit(timer)
    base.insert(timer)
  }

  dequeue(timer: hrtimer): void {
    const base = timer.$base!
    base.remove(timer)
    this.on.deactivate.emit(timer)
    if (base.running === null) this.program(base.cpu)
  }

  isQueued(timer: hrtimer): boolean {
    return timer.$queued
  }

  isRunning(timer: hrtimer): boolean {
    return timer.$base !== null && timer.$base.running === timer
  }

  /** -1: its callback runs; 0: it was not queued; 1: it was, and is not any more. */
  tryCancel(timer: hrtimer): number {
    memoryAccess(this.#machine).touch(timer, 'base', false, 'hrtimer_try_to_cancel')
    if (this.isRunning(timer)) return -1
    if (!timer.$queued) return 0
    this.dequeue(timer)
    emit(hrtimer_cancel, timer)
    return 1
  }

  forward(timer: hrtimer, nowNs: number, intervalNs: number): number {
    const delta = nowNs - timer.$expires
    if (delta < 0) return 0
    if (timer.$queued) {
      warn(this.#machine, 'hrtimer-forward-queued', `${SOURCE} hrtimer_forward`, null, {
        once: false,
        rules: ['HRT-05'],
      })
      return 0
    }
    const interval = Math.max(1, intervalNs)
    const overruns = Math.floor(delta / interval) + 1
    timer.$expires += overruns * interval
    timer.$softExpires += overruns * interval
    return overruns
  }
}

export const hrtimers = service((machine) => new Hrtimers(machine))
