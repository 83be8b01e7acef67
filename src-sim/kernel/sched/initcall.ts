import { machine, now } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { localIrqEnable } from '../irq/irqflags'
import { symbolOf } from '../printk/symbols'
import { warn } from '../printk/warn'
import { schedHooks } from './schedule'

/** do_one_initcall: what an init function did to preemption and interrupts is told and undone. */
export function* doOneInitcall(fn: () => unknown): Sim<number> {
  const before = now.cpu!.preemptCount
  const ret = Number((yield* call(fn)) ?? 0)
  const cpu = now.cpu!
  let what = ''
  if (cpu.preemptCount !== before) {
    what = 'preemption imbalance '
    cpu.preemptCount = before
  }
  if (cpu.irqsOff) {
    what += 'disabled interrupts '
    localIrqEnable()
  }
  if (what !== '') {
    const m = machine()
    const text = `initcall ${symbolOf(m, fn, true)} returned with ${what}`
    warn(m, 'initcall-imbalance', 'init/main.c:1365 at do_one_initcall', text, { rules: ['CTX-10'] })
  }
  return ret
}

/** A system call is over: whoever keeps book of locks looks whether some are still held. */
export function returnToUser(): void {
  const task = now.cpu?.current
  const { returnToUser: hook } = schedHooks(machine())
  if (task && hook.listened) hook.emit(task)
}
