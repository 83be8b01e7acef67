import { machine as currentMachine, now } from '../../engine/current'
import { call, point, type Sim } from '../../engine/suspend'
import { irq_handler_entry, irq_handler_exit } from '../../trace/events'
import { named } from '../api'
import { emit } from '../emit'
import { kernelLog } from '../printk/log'
import { symbolOf } from '../printk/symbols'
import { warn } from '../printk/warn'
import {
  IRQ_HANDLED, IRQ_NONE, IRQ_WAKE_THREAD, NAMES_OF_RETURN, irqs, type IrqDesc, type irqaction,
} from './desc'
import { hardirq } from './hardirq'
import { deliver, unmask } from './lines'
import { noteInterrupt } from './spurious'
import { wakeThread } from './thread'

/** The entry of a device interrupt into the kernel. */
export const handleIrq = named('common_interrupt', function* (desc: IrqDesc): Sim {
  yield* hardirq(desc, `irq ${desc.irq}`, () => handleFlow(desc))
})

/** Takes the interrupt as its line demands. */
export function handleFlow(desc: IrqDesc): Sim {
  if (desc.flow === 'edge') return handleEdge(desc)
  return desc.flow === 'level' ? handleLevel(desc) : handleSimple(desc)
}

/** False when the line is disabled or unused; the interrupt is then kept for later. */
function mayRun(desc: IrqDesc): boolean {
  if (!desc.disabled && desc.action !== null) return true
  desc.pending = true
  desc.masked = true
  return false
}

function* handleEdge(desc: IrqDesc): Sim {
  if (desc.inProgress) {
    desc.pending = true
    desc.masked = true
    return
  }
  if (!mayRun(desc)) return
  desc.tell('irq_ack')
  do {
    if (desc.action === null) {
      desc.masked = true
      return
    }
    if (desc.pending && !desc.disabled && desc.masked) unmask(currentMachine(), desc)
    yield* handleEvent(desc)
  } while (desc.pending && !desc.disabled)
}

function* handleLevel(desc: IrqDesc): Sim {
  if (desc.inProgress || !mayRun(desc)) return
  const masks = isOneshot(desc) || (desc.chip?.irq_mask ?? null) !== null
  if (masks) desc.masked = true
  desc.tell('irq_ack')
  yield* handleEvent(desc)
  const machine = currentMachine()
  if (masks) unmaskAfterThreads(desc)
  else if (!desc.masked && desc.sources.size > 0) deliver(machine, desc)
}

function* handleSimple(desc: IrqDesc): Sim {
  if (desc.inProgress || desc.disabled || desc.action === null) {
    if (!desc.inProgress) desc.pending = true
    return
  }
  yield* handleEvent(desc)
}

const ONESHOT = 0x2000

export function isOneshot(desc: IrqDesc): boolean {
  for (let a = desc.action; a !== null; a = a.next) if (a.flags & ONESHOT) return true
  return false
}

/** A one-shot line stays masked until every woken thread is done. */
export function unmaskAfterThreads(desc: IrqDesc): void {
  if (desc.oneshot.size === 0 && !desc.disabled && desc.masked) unmask(currentMachine(), desc)
}

const handleEventFrame = named('handle_irq_event', function* (desc: IrqDesc): Sim<number> {
  let result = 0
  for (let action = desc.action; action !== null; action = action.next)
    result |= yield* callHandler(desc, action)
  return result
})

/** Calls every handler of the line, in the order of registration. */
export function* handleEvent(desc: IrqDesc): Sim {
  const machine = currentMachine()
  desc.pending = false
  desc.inProgress = true
  desc.total++
  const result = (yield handleEventFrame(desc)) as number
  desc.inProgress = false
  machine.unspin(desc)
  noteInterrupt(machine, desc, result)
}

function* callHandler(desc: IrqDesc, action: irqaction): Sim<number> {
  const machine = currentMachine()
  const all = irqs(machine)
  const handler = action.handler
  let result = IRQ_WAKE_THREAD
  emit(irq_handler_entry, desc.irq, action.name, action, desc, handler)
  if (handler !== null) {
    all.on.handlerStart.emit(action, handler, false)
    yield point(callHandler, action)
    result = Number((yield* call(() => handler(desc.irq, action.dev_id))) ?? IRQ_NONE)
    all.on.handlerEnd.emit(action)
  }
  emit(irq_handler_exit, desc.irq, NAMES_OF_RETURN[result] ?? 'unhandled', action)
  checkIrqsStillOff(desc, action)
  if (result === IRQ_WAKE_THREAD) {
    if (action.thread_fn === null) warnNoThread(action)
    else wakeThread(machine, desc, action)
  }
  return result
}

function checkIrqsStillOff(desc: IrqDesc, action: irqaction): void {
  const machine = currentMachine()
  const { cpu } = now
  if (cpu === null || cpu.irqsOff) return
  cpu.irqsOff = true
  const { once } = irqs(machine)
  if (once.has('enabled')) return
  once.add('enabled')
  const text =
    `irq ${desc.irq} handler ${symbolOf(machine, action.handler, true)} enabled interrupts`
  const where = 'kernel/irq/handle.c at __handle_irq_event_percpu'
  warn(machine, 'irq-handler-enabled-interrupts', where, text, {
    rules: ['CTX-13'],
    objects: [action],
  })
}

function warnNoThread(action: irqaction): void {
  if (action.$warnedNoThread) return
  action.$warnedNoThread = true
  kernelLog(currentMachine()).print(
    4,
    `IRQ ${action.irq} device ${action.name} returned IRQ_WAKE_THREAD ` +
      'but no thread function available.\n',
  )
}

export const isBadReturn = (result: number): boolean =>
  result < 0 || result > (IRQ_HANDLED | IRQ_WAKE_THREAD)
