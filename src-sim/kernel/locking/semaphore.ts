import { Hook } from '../../base/disposable'
import { machine } from '../../engine/current'
import type { Exec, Task } from '../../engine/exec'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import { frame } from '../api'
import { memoryAccess } from '../mm/watch'
import { currentOrContext } from '../sched/context'
import { EINTR, ETIME } from '../errno'
import { current, mightSleep } from '../sched/schedule'
import { signalPendingState } from '../sched/signal'
import { setTaskState, TASK_RUNNING } from '../sched/states'
import { scheduleTimeout } from '../time/sleep'

interface Waiter {
  task: Task
  /** The count was handed over by `up`. */
  up: boolean
}

/** A counter that tasks wait for. It has no owner, so lock checkers do not know it. */
export class semaphore extends KernelObject {
  count = 0
  /** @internal */
  $waiters: Waiter[] = []
  /** @internal For reports about stuck tasks. */
  $lastHolder: Exec | null = null
}

class SemaphoreHooks {
  readonly on = { down: new Hook<[semaphore]>(), up: new Hook<[semaphore]>() }
}

export const semaphores = service(() => new SemaphoreHooks())

export function initSemaphore(sem: semaphore, value: number): void {
  sem.count = value
  sem.$waiters = []
  sem.$lastHolder = null
}

function got(sem: semaphore): void {
  sem.$lastHolder = currentOrContext()
  semaphores(machine()).on.down.emit(sem)
}

/** Answers 0, -EINTR, or -ETIME when `ticks` jiffies have gone by. */
export function downSemaphore(
  name: string,
  sem: semaphore,
  bits: number,
  ticks: number,
): number | Sim<number> {
  mightSleep(name)
  if (sem.count === 0) return frame(`__${name}`, wait(sem, bits, ticks))
  sem.count--
  got(sem)
  return 0
}

function* wait(sem: semaphore, bits: number, ticks: number): Sim<number> {
  const m = machine()
  const task = current()
  const waiter: Waiter = { task, up: false }
  let left = ticks
  sem.$waiters.push(waiter)
  for (;;) {
    const result = signalPendingState(bits, task) ? -EINTR : left <= 0 ? -ETIME : 0
    if (result !== 0) {
      sem.$waiters.splice(sem.$waiters.indexOf(waiter), 1)
      return result
    }
    setTaskState(task, bits, m.nowNs, null)
    left = yield* scheduleTimeout(left, sem, 'semaphore')
    setTaskState(task, TASK_RUNNING, 0, null)
    memoryAccess(m).touch(sem, 'count', true)
    if (!waiter.up) continue
    got(sem)
    return 0
  }
}

/** 0 when it was got, 1 when not. */
export function downTrylock(sem: semaphore): number {
  if (sem.count === 0) return 1
  sem.count--
  got(sem)
  return 0
}

/** Any context may call it. The first waiter gets the count directly. */
export function upSemaphore(sem: semaphore): void {
  semaphores(machine()).on.up.emit(sem)
  const first = sem.$waiters.shift()
  if (first === undefined) {
    sem.count++
    return
  }
  first.up = true
  machine().wake(first.task)
}
