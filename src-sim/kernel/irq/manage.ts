import { machine as currentMachine } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { call, point, spinOn, type Sim } from '../../engine/suspend'
import { irq_free, irq_line_disable, irq_line_enable, irq_request } from '../../trace/events'
import { emit } from '../emit'
import { acquireOn } from '../locking/access'
import { faultInjection } from '../mm/fault-injection'
import { warn } from '../printk/warn'
import { mightSleep } from '../sched/schedule'
import { inInterrupt } from './context'
import { irqaction, irqs, SETTINGS, type IrqDesc, type irq_handler_t } from './desc'
import { localIrqRestore, localIrqSave } from './irqflags'
import { unmask } from './lines'
import { checkSharing, IRQF, refuseFlags } from './request-checks'
import { forgetResend, resendSoftly } from './resend'
import { createThread, stopThread } from './thread'

const ENOMEM = 12
const ENOSYS = 38

/** `request_threaded_irq`: 0 or a negative errno. */
export function* requestThreadedIrq(
  irq: number,
  handler: irq_handler_t | null,
  threadFn: irq_handler_t | null,
  flags: number,
  name: string,
  devId: unknown,
): Sim<number> {
  const machine = currentMachine()
  const desc = irqs(machine).get(irq)
  const refused = refuseFlags(irq, desc, handler, threadFn, flags, devId)
  if (refused !== 0) return refused
  mightSleep('request_threaded_irq')
  if (faultInjection(machine).shouldFail('request_irq')) return -ENOMEM
  const action = new irqaction()
  action.irq = irq
  action.flags = flags
  action.name = name
  action.handler = handler
  action.thread_fn = threadFn
  action.dev_id = devId
  return yield* setupIrq(machine, desc!, action)
}

function* setupIrq(machine: Machine, desc: IrqDesc, action: irqaction): Sim<number> {
  if (desc.chip === null) return -ENOSYS
  const all = irqs(machine)
  if (all.forceThreads) forceThreading(desc, action)
  if (action.flags & IRQF.ONESHOT && action.thread_fn === null) warnPointlessOneshot(machine)
  if (action.thread_fn !== null) createThread(machine, desc, action)
  if (desc.chip.$oneshotSafe) action.flags &= ~IRQF.ONESHOT
  const refused = checkSharing(machine, desc, action)
  if (refused !== 0) {
    yield* stopThread(machine, action)
    return refused
  }
  const first = desc.action === null
  append(desc, action)
  desc.count = 0
  desc.unhandled = 0
  emit(
    irq_request, desc.irq, action.name, action, desc, action.handler, action.thread_fn,
    action.dev_id !== null && typeof action.dev_id === 'object' ? action.dev_id : null,
  )
  all.on.request.emit(action, desc)
  const enable = !(action.flags & IRQF.NO_AUTOEN) && !(desc.settings & SETTINGS.NOAUTOEN)
  if (first && enable) startUp(machine, desc)
  yield point(requestThreadedIrq, desc)
  return 0
}

function append(desc: IrqDesc, action: irqaction): void {
  let last = desc.action
  while (last?.next) last = last.next
  if (last) last.next = action
  else desc.action = action
}

function startUp(machine: Machine, desc: IrqDesc): void {
  desc.depth = 0
  desc.pending = false
  unmask(machine, desc)
}

/** `threadirqs`: what was a primary handler becomes a thread. */
function forceThreading(desc: IrqDesc, action: irqaction): void {
  const kept = IRQF.NO_THREAD | IRQF.PERCPU | IRQF.ONESHOT
  if (action.flags & kept || action.handler === null || action.thread_fn !== null) return
  if (desc.chip?.$oneshotSafe !== true) action.flags |= IRQF.ONESHOT
  action.thread_fn = action.handler
  action.handler = null
}

function warnPointlessOneshot(machine: Machine): void {
  const { once } = irqs(machine)
  if (once.has('oneshot')) return
  once.add('oneshot')
  warn(machine, 'irq-oneshot-without-thread', 'kernel/irq/manage.c at __setup_irq', null, {
    rules: ['IRQ-18'],
  })
}

/** `free_irq`: answers the name that was registered, or null. */
export function* freeIrq(irq: number, devId: unknown): Sim<string | null> {
  const machine = currentMachine()
  const desc = irqs(machine).get(irq)
  if (!desc) return null
  if (desc.affinityNotify !== null) {
    warn(machine, 'irq-affinity-notify-left', 'kernel/irq/manage.c at free_irq', null)
    desc.affinityNotify = null
  }
  if (inInterrupt())
    manageWarning(
      machine, 'irq-free-from-irq', '__free_irq', `Trying to free IRQ ${irq} from IRQ context!`,
    )
  mightSleep('free_irq')
  const action = unlink(desc, devId)
  if (action === null) {
    const text = `Trying to free already-free IRQ ${irq}`
    manageWarning(machine, 'irq-already-free', '__free_irq', text)
    return null
  }
  if (desc.action === null) shutDown(desc)
  if (desc.affinityHint !== null) {
    manageWarning(machine, 'irq-affinity-hint-left', '__free_irq', null)
    desc.affinityHint = null
  }
  yield point(freeIrq, desc)
  yield* waitForLine(desc)
  if (action.flags & IRQF.SHARED && action.handler !== null) yield* callOnceMore(machine, action)
  yield* stopThread(machine, action)
  const { dev_id: dev } = action
  emit(irq_free, irq, action, desc, dev !== null && typeof dev === 'object' ? dev : null)
  irqs(machine).on.free.emit(action, desc)
  return action.name
}

function unlink(desc: IrqDesc, devId: unknown): irqaction | null {
  let previous: irqaction | null = null
  for (let action = desc.action; action !== null; previous = action, action = action.next) {
    if (action.dev_id !== devId) continue
    if (previous) previous.next = action.next
    else desc.action = action.next
    return action
  }
  return null
}

function shutDown(desc: IrqDesc): void {
  desc.depth = 1
  desc.masked = true
  desc.latched = false
  forgetResend(desc)
}

/** A freed shared handler is called once more, to show whether it relies on what is gone. */
function* callOnceMore(machine: Machine, action: irqaction): Sim {
  const all = irqs(machine)
  const handler = action.handler!
  const flags = localIrqSave()
  all.on.handlerStart.emit(action, handler, false)
  yield* call(() => handler(action.irq, action.dev_id))
  all.on.handlerEnd.emit(action)
  localIrqRestore(flags)
}

function manageWarning(machine: Machine, what: string, where: string, text: string | null): void {
  warn(machine, what, `kernel/irq/manage.c at ${where}`, text, { once: false, rules: ['IRQ-10'] })
}

/** Stops the line, without waiting for handlers that run. Nests. */
export function disableIrqNosync(irq: number): void {
  const desc = irqs(currentMachine()).get(irq)
  if (!desc) return
  desc.depth++
  knowHandlers(desc)
  emit(irq_line_disable, desc, irq, desc.depth)
}

export function* disableIrq(irq: number): Sim {
  mightSleep('disable_irq')
  disableIrqNosync(irq)
  yield point(disableIrq, irqs(currentMachine()).get(irq) ?? null)
  yield* synchronizeIrq(irq)
}

/** Waits for primary handlers only; false when a thread of the line is at work. */
export function* disableHardirq(irq: number): Sim<boolean> {
  const desc = irqs(currentMachine()).get(irq)
  if (!desc) return false
  disableIrqNosync(irq)
  return yield* synchronizeHardirq(irq)
}

export function enableIrq(irq: number): void {
  const machine = currentMachine()
  const desc = irqs(machine).get(irq)
  if (!desc) return
  if (desc.chip === null) {
    const text = `enable_irq before setup/request_irq: irq ${irq}`
    warn(machine, 'irq-enable-before-request', 'kernel/irq/manage.c at enable_irq', text, {
      once: false, rules: ['IRQ-07'],
    })
    return
  }
  if (desc.depth === 0) {
    const text = `Unbalanced enable for IRQ ${irq}`
    warn(machine, 'irq-unbalanced-enable', 'kernel/irq/manage.c:774 at __enable_irq', text, {
      once: false, rules: ['IRQ-07'],
    })
    return
  }
  if (--desc.depth > 0) return
  emit(irq_line_enable, desc, irq, 0)
  const missed = desc.pending
  desc.pending = false
  if (missed && desc.chip.$retriggers) desc.latched = true
  else if (missed) resendSoftly(desc)
  if (desc.oneshot.size === 0 || !desc.masked) unmask(machine, desc)
}

export function* synchronizeHardirq(irq: number): Sim<boolean> {
  const machine = currentMachine()
  const desc = irqs(machine).get(irq)
  if (!desc) return true
  irqs(machine).on.synchronize.emit(desc, false)
  while (desc.inProgress) yield spinOn(desc)
  knowHandlers(desc)
  return desc.threadsActive === 0
}

/** What handlers have done so far is known: they end under the lock of the line. */
function knowHandlers(desc: IrqDesc): void {
  for (let { action } = desc; action !== null; action = action.next) acquireOn(action)
}

export function* synchronizeIrq(irq: number): Sim {
  const machine = currentMachine()
  const desc = irqs(machine).get(irq)
  if (!desc) return
  irqs(machine).on.synchronize.emit(desc, true)
  yield* waitForLine(desc)
  knowHandlers(desc)
}

function* waitForLine(desc: IrqDesc): Sim {
  while (desc.inProgress) yield spinOn(desc)
  mightSleep('synchronize_irq')
  if (desc.threadsActive === 0) return
  const what = `threads of irq ${desc.irq}`
  yield* desc.threadWaiters.waitUntil(() => desc.threadsActive === 0, desc, what)
}
