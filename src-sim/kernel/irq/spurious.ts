import type { Machine } from '../../engine/machine'
import { kernelLog } from '../printk/log'
import { symbolOf } from '../printk/symbols'
import { report } from '../report'
import { jiffies } from '../time/clock'
import { IRQ_HANDLED, IRQ_NONE, IRQ_WAKE_THREAD, type IrqDesc } from './desc'

const COUNT_MAX = 100_000
const UNHANDLED_MAX = 99_900

/**
 * Counts interrupts that nobody claims; a line that cries wolf is switched off. What a thread did
 * is known only later, so a mere wake-up is judged at the next interrupt.
 */
export function noteInterrupt(machine: Machine, desc: IrqDesc, result: number): void {
  let verdict = result
  if (verdict < 0 || verdict > (IRQ_HANDLED | IRQ_WAKE_THREAD)) {
    reportBad(machine, desc, verdict)
    return
  }
  if (verdict & IRQ_WAKE_THREAD) {
    if (verdict !== IRQ_WAKE_THREAD) desc.deferred = false
    else if (!desc.deferred) {
      desc.deferred = true
      return
    } else if (desc.threadsHandled !== desc.threadsHandledLast) {
      verdict = IRQ_HANDLED
      desc.threadsHandledLast = desc.threadsHandled
    } else verdict = IRQ_NONE
  }
  if (verdict === IRQ_NONE) {
    const now = jiffies(machine)
    desc.unhandled = now > desc.lastUnhandled + machine.hz / 10 ? 1 : desc.unhandled + 1
    desc.lastUnhandled = now
  }
  if (desc.unhandled === 0 || ++desc.count < COUNT_MAX) return
  desc.count = 0
  if (desc.unhandled > UNHANDLED_MAX) {
    const title = `irq ${desc.irq}: nobody cared (try booting with the "irqpoll" option)`
    bad(machine, desc, 'irq.nobody-cared', title)
    kernelLog(machine).print(0, `Disabling IRQ #${desc.irq}\n`)
    desc.depth++
    desc.masked = true
  }
  desc.unhandled = 0
}

function reportBad(machine: Machine, desc: IrqDesc, result: number): void {
  if (desc.badReturns++ >= 100) return
  const title = `irq event ${desc.irq}: bogus return value ${(result >>> 0).toString(16)}`
  bad(machine, desc, 'irq.bogus-return', title)
}

function bad(machine: Machine, desc: IrqDesc, kind: string, title: string): void {
  const tail = ['handlers:']
  for (let a = desc.action; a !== null; a = a.next) {
    const thread = a.thread_fn === null ? '' : ` threaded ${symbolOf(machine, a.thread_fn, false)}`
    tail.push(`${symbolOf(machine, a.handler, false)}${thread}`)
  }
  report(machine, { kind, title, tail, objects: [desc], rules: ['IRQ-13'] })
}
