import { cpu, machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { kernelCall, quiet } from '../../kernel/api'
import { EINVAL, ENXIO } from '../../kernel/errno'
import { irqs, type IrqDesc, type irq_handler_t } from '../../kernel/irq/desc'
import { requestThreadedIrq } from '../../kernel/irq/manage'
import { IRQF } from '../../kernel/irq/request-checks'
import { softirqs } from '../../kernel/irq/softirq'
import { tasklet_struct, taskletSpinUnlock, taskletUnlockWait } from '../../kernel/irq/tasklet'
import { wakeThread } from '../../kernel/irq/thread'
import { warn } from '../../kernel/printk/warn'
import { container_of } from '../container_of'

/** The less common parts of `linux/interrupt`. */

export const IRQF_IRQPOLL = IRQF.IRQPOLL
export const IRQF_FORCE_RESUME = IRQF.FORCE_RESUME
export const IRQF_EARLY_RESUME = IRQF.EARLY_RESUME
export const IRQF_NO_DEBUG = IRQF.NO_DEBUG
export const IRQF_TRIGGER_MASK = 0xf
export const IRQF_TRIGGER_PROBE = 0x10
export const __IRQF_TIMER = 0x200
export const IRQF_TIMER = __IRQF_TIMER | IRQF.NO_SUSPEND | IRQF.NO_THREAD

/** IRQ_HANDLED for something true, else IRQ_NONE. */
export const IRQ_RETVAL = quiet((x: unknown): number => (x ? 1 : 0))

const descOf = (irq: number): IrqDesc | undefined => irqs(machine()).get(irq)

/**
 * As `request_irq`, or with a thread where the line's controller can only be reached by sleeping.
 * Answers IRQC_IS_HARDIRQ (0) or a negative errno.
 */
export const request_any_context_irq: (
  irq: number,
  handler: irq_handler_t | null,
  flags: number,
  name: string,
  dev: unknown,
) => number = kernelCall('request_any_context_irq', function* (
  irq: number,
  handler: irq_handler_t | null,
  flags: number,
  name: string,
  dev: unknown,
): Sim<number> {
  return yield* requestThreadedIrq(irq, handler, null, flags | IRQF.COND_ONESHOT, name, dev)
})
export const IRQC_IS_HARDIRQ = 0
export const IRQC_IS_NESTED = 1

/** Non-maskable interrupts: no controller of this machine can deliver a line as one. -EINVAL. */
export function request_nmi(
  _irq: number,
  _handler: irq_handler_t,
  _flags: number,
  _name: string,
  _dev: unknown,
): number {
  return -EINVAL
}

/** Wakes the thread of the action that was registered with `dev_id`, as its handler could. */
export function irq_wake_thread(irq: number, dev_id: unknown): void {
  const desc = descOf(irq)
  for (let action = desc?.action ?? null; action !== null; action = action.next)
    if (action.dev_id === dev_id) {
      if (action.thread !== null) wakeThread(machine(), desc!, action)
      return
    }
}

/** Lets the line wake the machine from sleep (`on` = 1), or not any more. Counts. 0 or -EINVAL. */
export function irq_set_irq_wake(irq: number, on: number): number {
  const desc = descOf(irq)
  if (!desc) return -EINVAL
  if (on) desc.wakeDepth++
  else if (desc.wakeDepth === 0) {
    const text = `Unbalanced IRQ ${irq} wake disable`
    warn(machine(), 'irq-unbalanced-wake', 'kernel/irq/manage.c at irq_set_irq_wake', text, {
      once: false,
    })
  } else desc.wakeDepth--
  return 0
}
export const enable_irq_wake = quiet((irq: number): number => irq_set_irq_wake(irq, 1))
export const disable_irq_wake = quiet((irq: number): number => irq_set_irq_wake(irq, 0))

/** Told when the line is directed to other CPUs. */
export interface irq_affinity_notify {
  irq?: number
  notify: (notify: irq_affinity_notify, mask: number) => void
  release?: (notify: irq_affinity_notify) => void
}
/** Registers a notifier (null takes it back, which must be done before `free_irq`). */
export function irq_set_affinity_notifier(irq: number, notify: irq_affinity_notify | null): number {
  const desc = descOf(irq)
  if (!desc) return -EINVAL
  if (notify !== null) notify.irq = irq
  desc.affinityNotify = notify
  return 0
}
export const irq_can_set_affinity = quiet((irq: number): number => (descOf(irq) ? 1 : 0))

export const IRQCHIP_STATE_PENDING = 0
export const IRQCHIP_STATE_ACTIVE = 1
export const IRQCHIP_STATE_MASKED = 2
/** Reads a state of the line at its controller into `state`. 0 or -EINVAL. */
export function irq_get_irqchip_state(
  irq: number,
  which: number,
  state: { value: boolean },
): number {
  const desc = descOf(irq)
  if (!desc) return -EINVAL
  const states = [desc.latched || desc.pending, desc.inProgress, desc.masked]
  if (which >= states.length) return -ENXIO
  state.value = states[which]!
  return 0
}

/** Vectors pending on this CPU, as a bit mask. */
export const local_softirq_pending = quiet((): number => softirqs(machine()).pending(cpu()))

/** A static tasklet: `const t = DECLARE_TASKLET('t', fn)`. */
export function DECLARE_TASKLET(
  _name: string,
  callback: (t: tasklet_struct) => void,
): tasklet_struct {
  const t = new tasklet_struct()
  t.callback = callback
  return t
}
/** The same, disabled until `tasklet_enable`. */
export function DECLARE_TASKLET_DISABLED(
  name: string,
  callback: (t: tasklet_struct) => void,
): tasklet_struct {
  const t = DECLARE_TASKLET(name, callback)
  t.count = 1
  return t
}
/** The old form: the function gets the data. */
export function DECLARE_TASKLET_OLD(_name: string, func: (data: any) => void): tasklet_struct {
  const t = new tasklet_struct()
  t.func = func
  return t
}
/** The structure of class `type` in which the tasklet is the member `field`. */
export const from_tasklet = quiet(<T extends object>(
  type: new (...args: never[]) => T, t: tasklet_struct, field: keyof T & string,
): T => container_of(t, type, field))
/** Sleeps until the callback does not run. */
export const tasklet_unlock_wait: (t: tasklet_struct) => void = kernelCall(
  'tasklet_unlock_wait',
  taskletUnlockWait,
)
/** Spins until the callback does not run. */
export const tasklet_unlock_spin_wait: (t: tasklet_struct) => void = kernelCall(
  'tasklet_unlock_spin_wait',
  taskletSpinUnlock,
)
