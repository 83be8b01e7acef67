import { machine } from '../../engine/current'
import type { Task } from '../../engine/exec'
import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import { frame } from '../api'
import { current, mightSleep, WaitList } from './schedule'
import { TASK_NORMAL } from './states'
import { tryToWake } from './task'

/**
 * Stops kernel threads before the machine is put to sleep: those that said that they can be
 * stopped, at the places where they ask.
 */
class Freezer {
  freezing = false
  /** Kernel threads that take part; the others go on. */
  readonly freezable = new Set<Task>()
  readonly frozen = new Set<Task>()
  readonly #thawed = new WaitList()

  freeze(on: boolean): void {
    this.freezing = on
    if (!on) this.#thawed.wakeAll()
    else for (const task of this.freezable) if (!this.frozen.has(task)) tryToWake(task, TASK_NORMAL)
  }

  *refrigerate(task: Task): Sim<boolean> {
    this.frozen.add(task)
    yield* this.#thawed.waitUntil(() => !this.freezing, null, 'the machine to resume')
    this.frozen.delete(task)
    return true
  }
}

export const freezer = service(() => new Freezer())

/** Whether the task should stop at the next place where it can. */
export const isFreezing = (task: Task): boolean => {
  const f = freezer(machine())
  return f.freezing && f.freezable.has(task)
}

/** Stops here until the machine resumes, if that is wanted. True: it was stopped. */
export function tryToFreeze(): boolean | Sim<boolean> {
  mightSleep('try_to_freeze')
  const task = current()
  if (!isFreezing(task)) return false
  return frame('__refrigerator', freezer(machine()).refrigerate(task))
}

/** The running kernel thread takes part from now on, at once if need be. */
export function setFreezable(): boolean | Sim<boolean> {
  freezer(machine()).freezable.add(current())
  return tryToFreeze()
}
