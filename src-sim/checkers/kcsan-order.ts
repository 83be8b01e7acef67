import { now } from '../engine/current'
import type { Machine } from '../engine/machine'
import { powerCallbacks } from '../kernel/base/pm-runtime'
import { irqs } from '../kernel/irq/desc'
import { irqTrace } from '../kernel/irq/irqflags'
import { markedAccesses } from '../kernel/locking/access'
import { locking } from '../kernel/locking/locking'
import { semaphores } from '../kernel/locking/semaphore'
import { rcu } from '../kernel/rcu/tree'
import { completions } from '../kernel/sched/completion'
import { timers } from '../kernel/time/timer'
import { hrtimers } from '../kernel/time/hrtimer'
import { workqueues } from '../kernel/workqueue/workqueues'
import type { Clocks } from './kcsan-clocks'

/** Everything by which one context's past becomes known to another. */
export function attachOrder(machine: Machine, clocks: Clocks): void {
  const acquire = (object: object): void => {
    if (now.exec !== null) clocks.acquire(now.exec.id, object)
  }
  const release = (object: object): void => {
    if (now.exec !== null) clocks.release(now.exec.id, object)
  }
  const locks = locking(machine).on
  locks.acquired.add(acquire)
  locks.released.add(release)
  const c = completions(machine).on
  c.complete.add(release)
  c.waited.add(acquire)
  const s = semaphores(machine).on
  s.up.add(release)
  s.down.add(acquire)
  const marks = markedAccesses(machine).on
  marks.acquire.add(acquire)
  marks.release.add(release)
  attachCallbacks(machine, acquire, release)
  attachContexts(machine, clocks)
}

type Sync = (object: object) => void

/** Queued work sees what was done before it was queued; whoever waits for it sees what it did. */
function attachCallbacks(machine: Machine, acquire: Sync, release: Sync): void {
  const w = workqueues(machine).on
  w.activate.add(release)
  w.start.add(acquire)
  w.end.add(release)
  for (const t of [timers(machine).on, hrtimers(machine).on]) {
    t.arm.add(release)
    t.start.add(acquire)
    t.end.add(release)
  }
  const i = irqs(machine).on
  i.request.add(release)
  i.handlerStart.add(acquire)
  i.handlerEnd.add(release)
  i.free.add(acquire)
  const p = powerCallbacks(machine).on
  p.start.add(acquire)
  p.end.add(release)
  const r = rcu(machine)
  r.on.queue.add(release)
  r.on.invoke.add((head) => {
    acquire(head)
    acquire(r)
  })
  r.on.readUnlock.add((domain) => release(domain ?? r))
}

/**
 * New tasks know what their parents did, woken ones what their wakers did; a CPU does one thing at
 * a time.
 */
function attachContexts(machine: Machine, clocks: Clocks): void {
  const { observer } = machine
  const { taskCreated, woken } = observer
  observer.taskCreated = (task, parent) => {
    taskCreated?.(task, parent)
    if (parent !== null) clocks.pass(parent.id, task.id)
  }
  observer.woken = (task) => {
    woken?.(task)
    if (now.exec !== null) clocks.pass(now.exec.id, task.id)
    else clocks.acquire(task.id, rcu(machine))
  }
  const trace = irqTrace(machine).on
  const below = (): number | null => {
    const stack = now.cpu?.stack
    return stack && stack.length > 1 ? stack[stack.length - 2]!.id : null
  }
  const enter = (): void => {
    const id = below()
    if (now.exec === null || now.cpu === null) return
    clocks.acquire(now.exec.id, now.cpu)
    if (id !== null) clocks.pass(id, now.exec.id)
  }
  const leave = (): void => {
    const id = below()
    if (now.exec === null || now.cpu === null) return
    clocks.release(now.exec.id, now.cpu)
    if (id !== null) clocks.pass(now.exec.id, id)
  }
  trace.hardirqEnter.add(enter)
  trace.hardirqExit.add(leave)
  trace.softirqEnter.add(enter)
  trace.softirqExit.add(leave)
}
