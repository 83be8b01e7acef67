import { machine, now } from '../../engine/current'
import { NORMAL_PRIO } from '../../engine/exec'
import type { Sim } from '../../engine/suspend'
import { contextState } from './context'
import { EINVAL } from '../errno'
import { warn } from '../printk/warn'
import { current, sleepOn } from './schedule'
import type { task_struct } from './task'

/** Realtime priority 1..99 (99 most urgent) in the engine's order, most urgent first. */
export function setFifo(struct: task_struct, priority: number): void {
  struct.$task.priority = 99 - priority
}

export function setNice(struct: task_struct, nice: number): void {
  struct.$task.priority = NORMAL_PRIO + Math.max(-20, Math.min(19, nice))
}

/** Says where a task may run. The running task moves before this returns, a waiting one at once. */
export function* setCpusAllowed(struct: task_struct, mask: number): Sim<number> {
  const m = machine()
  const possible = m.cpus.reduce((all, cpu) => all | (1 << cpu.id), 0)
  if ((mask & possible) === 0) return -EINVAL
  const task = struct.$task
  const state = contextState(task)
  state.affinityWas = mask
  if (state.migrationOff > 0) return 0
  task.affinity = mask
  if ((mask >>> task.cpu.id) & 1) return 0
  if (task.queued) {
    m.touchCpus(true)
    task.cpu.queue.splice(task.cpu.queue.indexOf(task), 1)
    task.queued = false
    m.scheduler.queues.enqueue(task)
  } else if (task === now.exec) {
    m.at(m.nowNs, 'migration', task, () => m.wake(task))
    yield* sleepOn(null, 'migration', 'uninterruptible')
  } else if (!task.onCpu) task.cpu = m.cpus.find((cpu) => (mask >>> cpu.id) & 1)!
  return 0
}

export function nonBlockStart(): void {
  contextState(current()).nonBlock++
}

export function nonBlockEnd(): void {
  contextState(current()).nonBlock--
}

/** The task stays on its CPU until as many `migrateEnable`s. */
export function migrateDisable(): void {
  const task = current()
  const state = contextState(task)
  if (state.migrationOff++ > 0) return
  state.affinityWas = task.affinity
  task.affinity = 1 << task.cpu.id
}

export function migrateEnable(): void {
  const task = current()
  const state = contextState(task)
  if (state.migrationOff === 0) {
    warn(machine(), 'migrate-enable', 'kernel/sched/core.c at migrate_enable', null, {
      printsOnce: true,
    })
    return
  }
  if (--state.migrationOff === 0) task.affinity = state.affinityWas
}
