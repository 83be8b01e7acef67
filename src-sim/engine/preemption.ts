import type { Cpu } from './cpu'
import type { Task } from './exec'
import type { Machine } from './machine'

/** Priorities below this are real-time ones, as in the kernel. */
const RT_PRIO_MAX = 100

/** Whether the task of a CPU may be taken off it where it stands. */
export function preemptible(machine: Machine, cpu: Cpu): boolean {
  if (cpu.stack.length !== 1 || cpu.preemptCount !== 0 || cpu.irqsOff) return false
  return machine.preemption !== 'none'
}

/** With lazy preemption only real-time tasks need not wait for the end of a tick. */
export function mayPreempt(machine: Machine, next: Task, current: Task): boolean {
  if (machine.preemption !== 'lazy' || next.priority < RT_PRIO_MAX) return true
  return machine.nowNs - current.sliceStartNs >= 1_000_000_000 / machine.hz
}
