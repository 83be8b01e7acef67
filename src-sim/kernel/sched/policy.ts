import { machine } from '../../engine/current'
import { NORMAL_PRIO } from '../../engine/exec'
import { contextState } from './context'
import { EINVAL } from '../errno'
import { current } from './schedule'
import type { task_struct } from './task'

/** Realtime priority 1..99 (99 most urgent) in the engine's order, most urgent first. */
export function setFifo(struct: task_struct, priority: number): void {
  struct.$task.priority = 99 - priority
}

export function setNice(struct: task_struct, nice: number): void {
  struct.$task.priority = NORMAL_PRIO + Math.max(-20, Math.min(19, nice))
}

/** A task on a forbidden CPU moves the next time it is queued. */
export function setCpusAllowed(struct: task_struct, mask: number): number {
  const m = machine()
  const possible = m.cpus.reduce((all, cpu) => all | (1 << cpu.id), 0)
  if ((mask & possible) === 0) return -EINVAL
  const task = struct.$task
  task.affinity = mask
  if (((mask >>> task.cpu.id) & 1) === 0 && !task.onCpu && !task.queued)
    task.cpu = m.cpus.find((cpu) => (mask >>> cpu.id) & 1)!
  return 0
}

export function nonBlockStart(): void {
  contextState(current()).nonBlock++
}

export function nonBlockEnd(): void {
  contextState(current()).nonBlock--
}
