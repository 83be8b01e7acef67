import { machine, now } from '../../engine/current'
import { service } from '../../engine/service'
import type { Exec } from '../../engine/exec'
import { initSrcu, srcu_struct, srcuReadLock, srcuReadUnlock } from './srcu'

/** RCU for tracing: readers may sleep and need no domain; a single domain serves them all. */
class TasksTrace {
  readonly domain = new srcu_struct()
  /** What each context has to leave with, innermost last. */
  readonly inside = new WeakMap<Exec, number[]>()

  constructor() {
    initSrcu(this.domain, 'rcu_tasks_trace_srcu_struct')
  }
}

const tasksTrace = service(() => new TasksTrace())

export const traceDomain = (): srcu_struct => tasksTrace(machine()).domain

export function traceReadLock(): void {
  const { domain, inside } = tasksTrace(machine())
  const exec = now.exec!
  const held = inside.get(exec) ?? []
  held.push(srcuReadLock(domain, 'fast'))
  inside.set(exec, held)
}

export function traceReadUnlock(): void {
  const { domain, inside } = tasksTrace(machine())
  const index = inside.get(now.exec!)?.pop()
  if (index !== undefined) srcuReadUnlock(domain, index)
}

export const traceReadLockHeld = (): boolean =>
  (now.exec && (tasksTrace(machine()).inside.get(now.exec)?.length ?? 0) > 0) ?? false
