import { now } from '../engine/current'
import type { Machine } from '../engine/machine'
import { powerCallbacks } from '../kernel/base/pm-runtime'
import { irqs } from '../kernel/irq/desc'
import { irqWorks } from '../kernel/irq/irq-work'
import { irqTrace } from '../kernel/irq/irqflags'
import { tasklets } from '../kernel/irq/tasklet'
import { markedAccesses } from '../kernel/locking/access'
import { locking } from '../kernel/locking/locking'
import { semaphores } from '../kernel/locking/semaphore'
import { rcu } from '../kernel/rcu/tree'
import { completions } from '../kernel/sched/completion'
import { timers } from '../kernel/time/timer'
import { hrtimers } from '../kernel/time/hrtimer'
import { ORDERED } from '../kernel/workqueue/structs'
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
  locking.whenUsed(machine, ({ on }) => {
    on.acquired.add(acquire)
    on.released.add(release)
  })
  completions.whenUsed(machine, ({ on }) => {
    on.complete.add(release)
    on.waited.add(acquire)
  })
  semaphores.whenUsed(machine, ({ on }) => {
    on.up.add(release)
    on.down.add(acquire)
  })
  markedAccesses.whenUsed(machine, ({ on }) => {
    on.acquire.add(acquire)
    on.release.add(release)
  })
  attachCallbacks(machine, acquire, release)
  attachContexts(machine, clocks)
}

type Sync = (object: object) => void

/** Queued work sees what was done before it was queued; whoever waits for it sees what it did. */
function attachCallbacks(machine: Machine, acquire: Sync, release: Sync): void {
  workqueues.whenUsed(machine, ({ on }) => {
    on.activate.add(release)
    on.start.add((work, _fn, wq) => {
      acquire(work)
      if (wq.flags & ORDERED) acquire(wq)
    })
    on.end.add((work, _fn, wq) => {
      release(work)
      release(wq) // for whoever waits for the whole queue
    })
  })
  tasklets.whenUsed(machine, ({ on }) => {
    on.schedule.add(release)
    on.start.add(acquire)
    on.end.add(release)
  })
  irqWorks.whenUsed(machine, ({ on }) => {
    on.queue.add(release)
    on.start.add(acquire)
    on.end.add(release)
  })
  for (const kind of [timers, hrtimers])
    kind.whenUsed(machine, ({ on }) => {
      on.arm.add(release)
      on.start.add(acquire)
      on.end.add(release)
    })
  irqs.whenUsed(machine, ({ on }) => {
    on.request.add(release)
    on.handlerStart.add(acquire)
    on.handlerEnd.add(release)
    on.free.add(acquire)
  })
  powerCallbacks.whenUsed(machine, ({ on }) => {
    on.start.add(acquire)
    on.end.add(release)
  })
  rcu.whenUsed(machine, (grace) => {
    grace.on.queue.add(release)
    grace.on.invoke.add((head) => {
      acquire(head)
      acquire(grace)
    })
    grace.on.readUnlock.add((domain) => release(domain ?? grace))
  })
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
  irqTrace.whenUsed(machine, ({ on }) => {
    on.hardirqEnter.add(enter)
    on.hardirqExit.add(leave)
    on.softirqEnter.add(enter)
    on.softirqExit.add(leave)
  })
}
