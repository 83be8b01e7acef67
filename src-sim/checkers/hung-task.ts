import type { Machine } from '../engine/machine'
import { countsAsHung, reportHungTask } from '../kernel/sched/hung'

export interface HungTaskOptions {
  timeoutSeconds?: number
  /** How many tasks are reported before it falls silent. */
  warnings?: number
}

/**
 * khungtaskd: looks every two minutes for tasks that have not run since the last look but one, and
 * sleep so that nothing but what they wait for can wake them.
 */
export function attachHungTask(machine: Machine, options: HungTaskOptions = {}): void {
  const seconds = options.timeoutSeconds ?? 120
  let left = options.warnings ?? 10
  const firstSeen = new Map<number, { sinceNs: number; seenNs: number }>()
  const check = (): void => {
    const { nowNs } = machine
    for (const task of machine.tasks) {
      if (!countsAsHung(task)) {
        firstSeen.delete(task.pid)
        continue
      }
      const seen = firstSeen.get(task.pid)
      if (seen === undefined || seen.sinceNs !== task.sleepSinceNs) {
        firstSeen.set(task.pid, { sinceNs: task.sleepSinceNs, seenNs: nowNs })
        continue
      }
      if (left-- <= 0) continue
      reportHungTask(machine, task, Math.floor((nowNs - seen.seenNs) / 1_000_000_000))
    }
    next()
  }
  const next = (): void => {
    machine.atBackground(machine.nowNs + seconds * 1_000_000_000, 'khungtaskd', check)
  }
  next()
}
