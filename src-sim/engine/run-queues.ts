import type { Cpu } from './cpu'
import type { Task } from './exec'
import type { Machine } from './machine'

/** Which runnable tasks wait for which CPU. */
export class RunQueues {
  #machine: Machine

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** Makes a sleeping task runnable; false when it was not asleep. */
  wake(task: Task): boolean {
    this.#machine.footprint?.touch(task, true)
    if (task.state === 'running' || task.state === 'dead') return false
    const slept = !task.onCpu
    task.state = 'running'
    task.waitsFor = null
    task.waitObject = null
    this.#machine.observer.woken?.(task)
    if (slept && !task.queued) this.enqueue(task)
    return true
  }

  /** Puts a runnable task on the queue of the CPU that suits it best. */
  enqueue(task: Task, wanted?: number): void {
    const cpu = this.#selectCpu(task, wanted)
    task.lastStepNs = this.#machine.nowNs
    this.push(cpu, task)
    if (cpu.current && task.priority < cpu.current.priority) cpu.needResched = true
  }

  push(cpu: Cpu, task: Task): void {
    this.#machine.footprint?.touch(cpu.queue, true)
    task.queued = true
    task.cpu = cpu
    cpu.queue.push(task)
  }

  #selectCpu(task: Task, wanted?: number): Cpu {
    const { cpus } = this.#machine
    this.#machine.touchCpus()
    const allowed = (cpu: Cpu): boolean => ((task.affinity >>> cpu.id) & 1) === 1
    const preferred = cpus[wanted ?? task.cpu.id]!
    const free = (cpu: Cpu): boolean => allowed(cpu) && cpu.idle && cpu.queue.length === 0
    // An interrupt that wakes the task does not make its own CPU a busy one.
    const quiet = preferred.current === null && preferred.queue.length === 0
    if (allowed(preferred) && quiet) return preferred
    return cpus.find(free) ?? (allowed(preferred) ? preferred : cpus.find(allowed)!)
  }

  /** A CPU with nothing to do takes over a waiting task from a busy one. */
  pull(cpu: Cpu): void {
    if (cpu.queue.length > 0) return
    this.#machine.touchCpus()
    for (const other of this.#machine.cpus) {
      if (other === cpu || other.idle) continue
      const at = other.queue.findIndex((t) => ((t.affinity >>> cpu.id) & 1) === 1)
      if (at < 0) continue
      this.#machine.footprint?.touch(other.queue, true)
      const [task] = other.queue.splice(at, 1)
      this.push(cpu, task!)
      return
    }
  }
}

/** The task that has waited longest among the most urgent ones; there must be one. */
export function mostUrgent(cpu: Cpu): Task {
  let best = cpu.queue[0]!
  for (const task of cpu.queue) if (task.priority < best.priority) best = task
  return best
}
