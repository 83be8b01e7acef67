import type { Cpu } from '../../engine/cpu'
import {
  HARDIRQ_MASK, NMI_MASK, SOFTIRQ_DISABLE_OFFSET, SOFTIRQ_MASK, SOFTIRQ_OFFSET,
} from '../../engine/cpu'
import { machine as currentMachine, now } from '../../engine/current'
import type { Task } from '../../engine/exec'
import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import { call, point, type Sim } from '../../engine/suspend'
import { softirq_entry, softirq_exit, softirq_raise } from '../../trace/events'
import { named } from '../api'
import { emit } from '../emit'
import { kernelLog } from '../printk/log'
import { warn } from '../printk/warn'
import { kernelFunction, sleepOn } from '../sched/schedule'
import { jiffies, msecsToJiffies } from '../time/clock'
import { irqTrace, localIrqEnable } from './irqflags'

export const HI_SOFTIRQ = 0
export const TIMER_SOFTIRQ = 1
export const NET_TX_SOFTIRQ = 2
export const NET_RX_SOFTIRQ = 3
export const BLOCK_SOFTIRQ = 4
export const IRQ_POLL_SOFTIRQ = 5
export const TASKLET_SOFTIRQ = 6
export const SCHED_SOFTIRQ = 7
export const HRTIMER_SOFTIRQ = 8
export const RCU_SOFTIRQ = 9

const NAMES = [
  'HI', 'TIMER', 'NET_TX', 'NET_RX', 'BLOCK', 'IRQ_POLL', 'TASKLET', 'SCHED', 'HRTIMER', 'RCU',
] as const

/** Runs one vector on `cpu`, in softirq context. */
export type SoftirqHandler = (cpu: Cpu) => Sim | void

const ENABLE = 'kernel/softirq.c at __local_bh_enable_ip'
const PASSES_MAX = 10
const IN_INTERRUPT = HARDIRQ_MASK | SOFTIRQ_MASK | NMI_MASK

/** Pending bits per CPU, and who serves them. */
export class Softirqs {
  readonly #machine: Machine
  readonly #pending: number[]
  readonly #handlers: (SoftirqHandler | null)[] = NAMES.map(() => null)
  readonly #daemons: (Task | null)[]
  #warnedHardirq = false
  #warnedIrqsOff = false

  constructor(machine: Machine) {
    this.#machine = machine
    this.#pending = machine.cpus.map(() => 0)
    this.#daemons = machine.cpus.map(() => null)
    machine.interruptExit = (cpu) => {
      if (this.#pending[cpu.id] !== 0 && (cpu.preemptCount & IN_INTERRUPT) === 0) this.run(cpu)
    }
  }

  open(vector: number, handler: SoftirqHandler): void {
    this.#handlers[vector] = handler
  }

  pending(cpu: Cpu): number {
    return this.#pending[cpu.id]!
  }

  /** Marks a vector pending; where no interrupt's end is going to serve it, ksoftirqd will. */
  raise(vector: number, cpu: Cpu): void {
    this.#pending[cpu.id]! |= 1 << vector
    emit(softirq_raise, NAMES[vector]!)
    if ((cpu.preemptCount & IN_INTERRUPT) === 0) this.wakeDaemon(cpu)
  }

  take(cpu: Cpu): number {
    const mask = this.#pending[cpu.id]!
    this.#pending[cpu.id] = 0
    return mask
  }

  /** Serves what is pending on top of whatever the CPU is doing. */
  run(cpu: Cpu): void {
    this.#machine.pushContext(cpu, 'softirq', `softirq/${cpu.id}`, handleSoftirqs(this, cpu))
    cpu.preemptCount += SOFTIRQ_OFFSET
  }

  wakeDaemon(cpu: Cpu): void {
    const task = this.#daemons[cpu.id]!
    if (task !== null) this.#machine.wake(task)
    else
      this.#daemons[cpu.id] = this.#machine.spawn(`ksoftirqd/${cpu.id}`, runKsoftirqd(this, cpu), {
        cpu: cpu.id,
        bound: true,
      })
  }

  *vector(cpu: Cpu, vector: number): Sim {
    const handler = this.#handlers[vector]!
    if (handler === null) return
    const trace = irqTrace(this.#machine)
    const before = cpu.preemptCount
    emit(softirq_entry, NAMES[vector]!)
    trace.on.softirqEnter.emit(vector)
    yield* call(() => handler(cpu))
    trace.on.softirqExit.emit(vector)
    emit(softirq_exit, NAMES[vector]!)
    if (cpu.preemptCount === before) return
    const counts = [before, cpu.preemptCount].map((n) => n.toString(16).padStart(8, '0'))
    kernelLog(this.#machine).print(
      3,
      `huh, entered softirq ${vector} ${NAMES[vector]} with preempt_count ${counts[0]}, ` +
        `exited with ${counts[1]}?\n`,
    )
    cpu.preemptCount = before
  }

  checkEnable(cpu: Cpu): void {
    if (cpu.preemptCount & HARDIRQ_MASK && !this.#warnedHardirq) {
      this.#warnedHardirq = true
      warn(this.#machine, 'bh-enable-in-hardirq', ENABLE, null, { rules: ['CTX-05'] })
    } else if (cpu.irqsOff && !this.#warnedIrqsOff) {
      this.#warnedIrqsOff = true
      warn(this.#machine, 'bh-enable-irqs-off', ENABLE, null, { rules: ['CTX-05'] })
    }
  }
}

export const softirqs = service((machine) => new Softirqs(machine))

const handleSoftirqs = named('handle_softirqs', function* (all: Softirqs, cpu: Cpu): Sim {
  const machine = currentMachine()
  const end = jiffies(machine) + msecsToJiffies(machine, 2)
  for (let pass = 1; ; pass++) {
    const mask = all.take(cpu)
    for (let vector = 0; vector < NAMES.length; vector++)
      if ((mask >>> vector) & 1) yield* all.vector(cpu, vector)
    if (all.pending(cpu) === 0) return
    if (jiffies(machine) >= end || cpu.needResched || pass >= PASSES_MAX) break
  }
  all.wakeDaemon(cpu)
})

const runKsoftirqd = named('run_ksoftirqd', function* (all: Softirqs, cpu: Cpu): Sim {
  for (;;) {
    if (all.pending(cpu) === 0) yield* sleepOn(null, 'softirqs', 'interruptible')
    else {
      all.run(cpu)
      yield point(handleSoftirqs, null)
    }
  }
})

/** Registers the handler of a vector. */
export function openSoftirq(vector: number, handler: SoftirqHandler): void {
  softirqs(currentMachine()).open(vector, handler)
}

/** Marks a vector pending on this CPU (the first one when hardware asks). */
export function raiseSoftirq(vector: number): void {
  const machine = currentMachine()
  softirqs(machine).raise(vector, now.cpu ?? machine.cpus[0]!)
}

export function localBhDisable(): void {
  const cpu = now.cpu
  if (cpu === null) return
  cpu.preemptCount += SOFTIRQ_DISABLE_OFFSET
  if ((cpu.preemptCount & SOFTIRQ_MASK) === SOFTIRQ_DISABLE_OFFSET)
    irqTrace(currentMachine()).on.bhOff.emit(kernelFunction('local_bh_disable'))
}

/** Ends a `localBhDisable`; answers a computation when softirqs have to run first. */
export function localBhEnable(): void | Sim {
  const cpu = now.cpu
  if (cpu === null) return
  const machine = currentMachine()
  const all = softirqs(machine)
  if (cpu.irqsOff || cpu.preemptCount & HARDIRQ_MASK) all.checkEnable(cpu)
  if ((cpu.preemptCount & SOFTIRQ_MASK) === SOFTIRQ_DISABLE_OFFSET)
    irqTrace(machine).on.bhOn.emit(kernelFunction('local_bh_enable'))
  cpu.preemptCount -= SOFTIRQ_DISABLE_OFFSET
  if (cpu.irqsOff) localIrqEnable()
  if ((cpu.preemptCount & IN_INTERRUPT) === 0 && all.pending(cpu) !== 0) return doSoftirq(all, cpu)
}

/** For kernel code: `yield* bhEnable()`. */
export function* bhEnable(): Sim {
  const more = localBhEnable()
  if (more) yield* more
}

const doSoftirq = named('do_softirq', function* (all: Softirqs, cpu: Cpu): Sim {
  all.run(cpu)
  yield point(doSoftirq, null)
})
