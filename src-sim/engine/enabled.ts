import { canInterrupt, type Cpu } from './cpu'
import type { Exec } from './exec'
import type { Machine } from './machine'
import { mayPreempt, preemptible } from './preemption'
import { newTransition, setTransition, type Transition, type TransitionKind } from './transition'

/**
 * What could happen next in a chosen schedule, in a fixed order: the last context goes on, others
 * go on, interrupts are taken, CPUs switch, time moves. The transitions are pooled: valid until the
 * next `find`.
 */
export class EnabledTransitions {
  readonly list: Transition[] = []
  /** How many of `list` are meant. */
  count = 0
  #machine: Machine
  /** The calm choice is open: any other one preempts. */
  #calm = false

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** Fills the list for the present moment; `last` is the context that executed the last step. */
  find(last: Exec | null): void {
    const machine = this.#machine
    const { cpus } = machine
    let oldestNs = Infinity
    let pending = false
    let waiting = false
    this.count = 0
    this.#calm = false
    if (last !== null && !last.relaxed && canStep(last)) {
      this.#add('step', last.cpu, last)
      oldestNs = last.lastStepNs
      this.#calm = true
    }
    for (let i = 0; i < cpus.length; i++) {
      const cpu = cpus[i]!
      if (cpu.interrupts.length > 0) pending = true
      if (cpu.queue.length > 0) waiting = true
      const top = cpu.top
      if (top === null || top === last || top.relaxed || top.spinningOn !== null) continue
      this.#add('step', cpu, top)
      if (top.lastStepNs < oldestNs) oldestNs = top.lastStepNs
    }
    if (pending) oldestNs = Math.min(oldestNs, this.#addInterrupts())
    if (waiting) oldestNs = Math.min(oldestNs, this.#addSwitches())
    const event = machine.events.first
    if (event !== undefined && machine.events.busy) {
      if (this.count === 0 || event.timeNs - oldestNs <= machine.lagMaxNs)
        this.#add('event', null, null)
    }
    if (this.count === 0) this.#addRelaxed()
  }

  /** Both answer since when the oldest of what they add has waited. */
  #addInterrupts(): number {
    const machine = this.#machine
    let oldestNs = Infinity
    for (const cpu of machine.cpus) {
      const first = cpu.interrupts[0]
      if (first === undefined || !canInterrupt(cpu)) continue
      this.#add('interrupt', cpu, null)
      oldestNs = Math.min(oldestNs, first.sinceNs ?? machine.nowNs)
    }
    return oldestNs
  }

  #addSwitches(): number {
    const machine = this.#machine
    let oldestNs = Infinity
    for (const cpu of machine.cpus) {
      if (cpu.queue.length === 0 || !(cpu.idle || preemptible(machine, cpu))) continue
      for (const task of cpu.queue) {
        if (cpu.current !== null && !mayPreempt(machine, task, cpu.current)) continue
        this.#add('switch', cpu, task)
        if (task.lastStepNs < oldestNs) oldestNs = task.lastStepNs
      }
    }
    return oldestNs
  }

  /** Polling contexts take turns only when nothing else can happen. */
  #addRelaxed(): void {
    for (const cpu of this.#machine.cpus) {
      const top = cpu.top
      if (top !== null && canStep(top)) this.#add('step', cpu, top)
    }
  }

  #add(kind: TransitionKind, cpu: Cpu | null, exec: Exec | null): void {
    let t = this.list[this.count]
    if (t === undefined) this.list[this.count] = t = newTransition()
    setTransition(t, kind, cpu, exec)
    t.preempts = this.#calm
    this.count++
  }
}

const canStep = (exec: Exec): boolean =>
  !exec.finished && exec.spinningOn === null && exec.cpu.top === exec
