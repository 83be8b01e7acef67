import type { Cpu } from '../../engine/cpu'
import type { Exec } from '../../engine/exec'
import type { Machine } from '../../engine/machine'
import { contextState } from '../sched/context'
import { cpuIsReader, preemptibleRcu, rcu } from './tree'

const EXPEDITED_NS = 50_000

interface Wait {
  readonly readers: Set<Exec>
  readonly cpus: Set<Cpu>
  done(): void
}

/**
 * Grace periods in a hurry. They go on beside the ordinary ones and end when the readers of their
 * beginning are gone; callbacks do not profit from them and stay queued.
 */
export class ExpeditedPeriods {
  readonly #machine: Machine
  readonly #waits = new Set<Wait>()

  constructor(machine: Machine) {
    this.#machine = machine
  }

  begin(done: () => void): void {
    const machine = this.#machine
    const wait: Wait = { readers: new Set(), cpus: new Set(), done }
    for (const exec of machine.contexts.values()) {
      const state = contextState(exec)
      if (state.rcuDepth === 0 || !preemptibleRcu(machine)) continue
      state.rcuBlocks = true
      wait.readers.add(exec)
    }
    for (const cpu of machine.cpus) if (cpuIsReader(cpu)) wait.cpus.add(cpu)
    this.#waits.add(wait)
    this.#lookAt(machine.nowNs + EXPEDITED_NS, wait)
  }

  readerLeft(exec: Exec): void {
    for (const wait of this.#waits)
      if (wait.readers.delete(exec) && wait.readers.size === 0) this.#lookAt(0, wait)
  }

  #lookAt(timeNs: number, wait: Wait): void {
    this.#machine.at(timeNs, 'rcu expedited grace period', wait.readers, () => this.#look(wait))
  }

  #look(wait: Wait): void {
    if (!this.#waits.has(wait)) return
    const machine = this.#machine
    for (const cpu of wait.cpus) if (!cpuIsReader(cpu)) wait.cpus.delete(cpu)
    for (const exec of wait.readers) if (exec.finished) wait.readers.delete(exec)
    if (wait.readers.size === 0 && wait.cpus.size === 0) {
      this.#waits.delete(wait)
      wait.done()
      return
    }
    rcu(machine).wantPeriod()
    if (wait.cpus.size === 0) return
    const next = machine.nowNs + 1_000_000_000 / machine.hz
    const stuck = [...wait.cpus].every((cpu) => cpu.top?.spinningOn)
    if (stuck) machine.atBackground(next, 'rcu expedited grace period', () => this.#look(wait))
    else this.#lookAt(next, wait)
  }
}
