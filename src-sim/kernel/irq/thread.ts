import { machine as currentMachine } from '../../engine/current'
import { RT_PRIO, type Exec } from '../../engine/exec'
import type { Machine } from '../../engine/machine'
import { call, point, type Sim } from '../../engine/suspend'
import { irq_thread_entry, irq_thread_exit, irq_thread_wake } from '../../trace/events'
import { named } from '../api'
import { emit } from '../emit'
import { kernelLog } from '../printk/log'
import { sleepOn, WaitList } from '../sched/schedule'
import {
  IRQ_HANDLED, IRQ_NONE, NAMES_OF_RETURN, irqs, type IrqDesc, type irqaction,
} from './desc'
import { unmaskAfterThreads } from './handle'

const COMM_MAX = 15

/** The thread of a threaded handler: created before the handler can be called. */
export function createThread(machine: Machine, desc: IrqDesc, action: irqaction): void {
  const comm = `irq/${desc.irq}-${action.name}`.slice(0, COMM_MAX)
  const thread = machine.spawn(comm, irqThread(desc, action), {
    priority: RT_PRIO,
    cpu: desc.cpu.id,
  })
  thread.onExit = (exec) => exited(machine, desc, action, exec)
  action.thread = thread
}

/** Ends the thread of an action and waits for it. A wake-up still pending is served first. */
export function* stopThread(machine: Machine, action: irqaction): Sim {
  const thread = action.thread
  if (thread === null) return
  action.$stop = true
  machine.wake(thread)
  yield* leavers(action).waitUntil(() => thread.finished, thread, `end of ${thread.comm}`)
  action.thread = null
}

const waiting = new WeakMap<irqaction, WaitList>()

function leavers(action: irqaction): WaitList {
  let list = waiting.get(action)
  if (!list) waiting.set(action, (list = new WaitList()))
  return list
}

/** Hands the interrupt to the thread; wake-ups that it has not taken yet are one. */
export function wakeThread(machine: Machine, desc: IrqDesc, action: irqaction): void {
  const thread = action.thread
  if (thread === null || thread.finished || action.$runThread) return
  action.$runThread = true
  desc.oneshot.add(action)
  desc.threadsActive++
  emit(irq_thread_wake, desc.irq, action, thread.id)
  machine.wake(thread)
}

const irqThread = named('irq_thread', function* (desc: IrqDesc, action: irqaction): Sim {
  for (;;) {
    if (action.$runThread) {
      action.$runThread = false
      yield* runThreadFn(desc, action)
      desc.oneshot.delete(action)
      unmaskAfterThreads(desc)
      threadDone(desc)
    } else if (action.$stop) return
    else yield* sleepOn(action, 'irq thread', 'interruptible')
  }
})

function* runThreadFn(desc: IrqDesc, action: irqaction): Sim {
  const machine = currentMachine()
  const all = irqs(machine)
  const fn = action.thread_fn!
  emit(irq_thread_entry, desc.irq, action.name, action, fn)
  all.on.handlerStart.emit(action, fn, true)
  yield point(runThreadFn, action)
  const result = Number((yield* call(() => fn(desc.irq, action.dev_id))) ?? IRQ_NONE)
  all.on.handlerEnd.emit(action)
  if (result === IRQ_HANDLED) desc.threadsHandled++
  emit(irq_thread_exit, desc.irq, NAMES_OF_RETURN[result] ?? 'unhandled', action)
}

function threadDone(desc: IrqDesc): void {
  if (--desc.threadsActive === 0) desc.threadWaiters.wakeAll()
}

function exited(machine: Machine, desc: IrqDesc, action: irqaction, exec: Exec): void {
  if (!action.$stop || exec.died) {
    const pid = 'pid' in exec ? String(exec.pid) : '0'
    const text = `exiting task "${exec.name}" (${pid}) is an active IRQ thread (irq ${desc.irq})\n`
    kernelLog(machine).print(3, text)
    if (desc.oneshot.delete(action)) {
      unmaskAfterThreads(desc)
      threadDone(desc)
    }
  }
  leavers(action).wakeAll()
}
