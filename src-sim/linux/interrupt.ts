import { machine } from '../engine/current'
import type { Sim } from '../engine/suspend'
import { kernelCall, quiet } from '../kernel/api'
import type { device } from '../kernel/base/device'
import { addDevres, takeDevres } from '../kernel/base/devres'
import { irqs, type irq_handler_t } from '../kernel/irq/desc'
import * as manage from '../kernel/irq/manage'
import { IRQF } from '../kernel/irq/request-checks'
import { openSoftirq, raiseSoftirq } from '../kernel/irq/softirq'
import * as tl from '../kernel/irq/tasklet'
import { warn } from '../kernel/printk/warn'
import { dev_err_probe } from './device'

/** Brought along, as by the C header. */
export * from './bitops'
export * from './cleanup'
export * from './cpumask'
export * from './errno'
export * from './hardirq'
export * from './hrtimer'
export * from './irqflags'
export * from './kernel'
export * from './kref'
export * from './workqueue'

/** Interrupts, softirqs and tasklets: `linux/interrupt`. */

export { IRQ_HANDLED, IRQ_NONE, IRQ_WAKE_THREAD } from '../kernel/irq/desc'
export type { irq_handler_t, irqaction, irqreturn_t } from '../kernel/irq/desc'
export { IRQ_NOTCONNECTED } from '../kernel/irq/request-checks'

export const IRQF_TRIGGER_NONE = 0
export const IRQF_TRIGGER_RISING = IRQF.TRIGGER_RISING
export const IRQF_TRIGGER_FALLING = IRQF.TRIGGER_FALLING
export const IRQF_TRIGGER_HIGH = IRQF.TRIGGER_HIGH
export const IRQF_TRIGGER_LOW = IRQF.TRIGGER_LOW
/** Others may register on the same line. */
export const IRQF_SHARED = IRQF.SHARED
export const IRQF_PROBE_SHARED = IRQF.PROBE_SHARED
export const IRQF_PERCPU = IRQF.PERCPU
export const IRQF_NOBALANCING = IRQF.NOBALANCING
/** The line stays masked until the threaded handler is done. */
export const IRQF_ONESHOT = IRQF.ONESHOT
export const IRQF_NO_SUSPEND = IRQF.NO_SUSPEND
export const IRQF_NO_THREAD = IRQF.NO_THREAD
export const IRQF_COND_SUSPEND = IRQF.COND_SUSPEND
/** The line stays disabled until `enable_irq`. */
export const IRQF_NO_AUTOEN = IRQF.NO_AUTOEN
export const IRQF_COND_ONESHOT = IRQF.COND_ONESHOT

/**
 * Registers a handler for a line. May sleep. 0 or a negative errno. The handler can be called
 * before this returns. Pair: `free_irq` (IRQ-01..04).
 */
export const request_irq: (
  irq: number,
  handler: irq_handler_t | null,
  flags: number,
  name: string,
  dev: unknown,
) => number = kernelCall(
  'request_irq',
  function* (
    irq: number,
    handler: irq_handler_t | null,
    flags: number,
    name: string,
    dev: unknown,
  ) {
    const adapted = flags | IRQF.COND_ONESHOT
    return yield* manage.requestThreadedIrq(irq, handler, null, adapted, name, dev)
  },
)

/**
 * Registers a handler with a thread: `handler` runs in hardirq context and answers IRQ_WAKE_THREAD
 * to have `thread_fn` called in a thread of its own (IRQ-05). `handler` may be null.
 */
export const request_threaded_irq: (
  irq: number,
  handler: irq_handler_t | null,
  thread_fn: irq_handler_t | null,
  flags: number,
  name: string,
  dev: unknown,
) => number = kernelCall('request_threaded_irq', manage.requestThreadedIrq)

/**
 * Unregisters, and waits until neither the handler nor its thread runs. May sleep. Answers the
 * name, or null (with a warning) when nothing was registered for `dev_id` (IRQ-10).
 */
export const free_irq: (irq: number, dev_id: unknown) => string | null = kernelCall(
  'free_irq',
  manage.freeIrq,
)

const ofIrq = (irq: number, devId: unknown) => (key: unknown): boolean => {
  const managed = key as ManagedIrq
  return managed.irq === irq && managed.devId === devId
}

interface ManagedIrq {
  irq: number
  devId: unknown
}

function* requestManaged(
  dev: device,
  irq: number,
  handler: irq_handler_t | null,
  threadFn: irq_handler_t | null,
  flags: number,
  name: string | null,
  devId: unknown,
): Sim<number> {
  const shown = name ?? dev.$label
  const ret = yield* manage.requestThreadedIrq(irq, handler, threadFn, flags, shown, devId)
  if (ret < 0)
    return dev_err_probe(dev, ret, 'request_irq(%u) %ps %ps %s\n', irq, handler, threadFn, shown)
  addDevres(dev, {
    name: 'devm_irq_release',
    key: { irq, devId } satisfies ManagedIrq,
    release: () => manage.freeIrq(irq, devId),
  })
  return 0
}

/**
 * As `request_irq`; freed when the device loses its driver, that is after `remove` has returned:
 * what `remove` frees by hand must not be used by the handler (IRQ-16).
 */
export const devm_request_irq: (
  dev: device,
  irq: number,
  handler: irq_handler_t | null,
  flags: number,
  name: string | null,
  dev_id: unknown,
) => number = kernelCall('devm_request_irq', function* (
    dev: device,
    irq: number,
    handler: irq_handler_t | null,
    flags: number,
    name: string | null,
    id: unknown,
  ) {
  return yield* requestManaged(dev, irq, handler, null, flags | IRQF.COND_ONESHOT, name, id)
})

/** As `request_threaded_irq`, managed: see `devm_request_irq`. */
export const devm_request_threaded_irq: (
  dev: device,
  irq: number,
  handler: irq_handler_t | null,
  thread_fn: irq_handler_t | null,
  flags: number,
  name: string | null,
  dev_id: unknown,
) => number = kernelCall('devm_request_threaded_irq', requestManaged)

/** Frees a managed interrupt before its time. */
export const devm_free_irq: (dev: device, irq: number, dev_id: unknown) => void = kernelCall(
  'devm_free_irq',
  function* (dev: device, irq: number, devId: unknown) {
    const found = takeDevres(dev, (n) => n.name === 'devm_irq_release' && ofIrq(irq, devId)(n.key))
    if (found === null)
      warn(machine(), 'devm-free-irq', 'kernel/irq/devres.c at devm_free_irq', null, {
        rules: ['DM-43'],
      })
    yield* manage.freeIrq(irq, devId)
  },
)

/** Stops the line and waits for running handlers. May sleep. Stops all who share it. Nests. */
export const disable_irq: (irq: number) => void = kernelCall('disable_irq', manage.disableIrq)
/** As `disable_irq` without waiting. Any context. */
export function disable_irq_nosync(irq: number): void {
  manage.disableIrqNosync(irq)
}
/** As `disable_irq`, waits for the primary handler only; false when a thread is at work. */
export const disable_hardirq: (irq: number) => boolean = kernelCall(
  'disable_hardirq',
  manage.disableHardirq,
)
/** Ends one `disable_irq`. What came meanwhile is delivered now, once (IRQ-07). */
export function enable_irq(irq: number): void {
  manage.enableIrq(irq)
}
/** Waits until no handler and no thread of the line runs. May sleep. Stops nothing (IRQ-09). */
export const synchronize_irq: (irq: number) => void = kernelCall(
  'synchronize_irq',
  manage.synchronizeIrq,
)
/** Waits (spinning) for the primary handler only; false when a thread is at work. */
export const synchronize_hardirq: (irq: number) => boolean = kernelCall(
  'synchronize_hardirq',
  manage.synchronizeHardirq,
)

/** Directs the line to the lowest CPU of the bit mask `cpumask`. */
export function irq_set_affinity(irq: number, cpumask: number): number {
  const m = machine()
  const desc = irqs(m).get(irq)
  const cpu = m.cpus.find((c) => (cpumask >>> c.id) & 1)
  if (!desc || !cpu) return -22
  desc.cpu = cpu
  return 0
}
/** A hint for user space where to direct the line. Take it back (null) before `free_irq`. */
export function irq_set_affinity_hint(irq: number, cpumask: number | null): number {
  const desc = irqs(machine()).get(irq)
  if (!desc) return -22
  desc.affinityHint = cpumask
  if (cpumask !== null) irq_set_affinity(irq, cpumask)
  return 0
}
export const irq_update_affinity_hint = irq_set_affinity_hint

export {
  BLOCK_SOFTIRQ, HI_SOFTIRQ, HRTIMER_SOFTIRQ, IRQ_POLL_SOFTIRQ, NET_RX_SOFTIRQ, NET_TX_SOFTIRQ,
  RCU_SOFTIRQ, SCHED_SOFTIRQ, TASKLET_SOFTIRQ, TIMER_SOFTIRQ,
} from '../kernel/irq/softirq'
/** Registers the function of a softirq vector. */
export function open_softirq(nr: number, action: () => void): void {
  openSoftirq(nr, action as never)
}
/** Marks a vector pending on this CPU (CTX-01, CTX-02). */
export function raise_softirq(nr: number): void {
  raiseSoftirq(nr)
}
export const raise_softirq_irqoff = raise_softirq

export const tasklet_struct = tl.tasklet_struct
export type tasklet_struct = tl.tasklet_struct

/** Initialises a tasklet with a callback that gets the tasklet. */
export function tasklet_setup(t: tasklet_struct, callback: (t: tasklet_struct) => void): void {
  t.callback = callback
  t.func = null
  t.count = 0
  t.$scheduled = false
}
/** The old form: the function gets `data`. */
export function tasklet_init(t: tasklet_struct, func: (data: any) => void, data: unknown): void {
  t.callback = null
  t.func = func
  t.data = data
  t.count = 0
  t.$scheduled = false
}
/** Runs it soon, once, in softirq context on this CPU. Any context. Pair: `tasklet_kill`. */
export function tasklet_schedule(t: tasklet_struct): void {
  tl.tasklets(machine()).schedule(t, false)
}
/** As `tasklet_schedule`, before all others. */
export function tasklet_hi_schedule(t: tasklet_struct): void {
  tl.tasklets(machine()).schedule(t, true)
}
/** Keeps it from running, without waiting. Counts. */
export function tasklet_disable_nosync(t: tasklet_struct): void {
  t.count++
}
/** Keeps it from running and waits until it does not. May sleep. It stays scheduled. */
export const tasklet_disable: (t: tasklet_struct) => void = kernelCall(
  'tasklet_disable',
  function* (t: tasklet_struct) {
    t.count++
    yield* tl.taskletUnlockWait(t)
  },
)
/** As `tasklet_disable`, spinning. */
export const tasklet_disable_in_atomic: (t: tasklet_struct) => void = kernelCall(
  'tasklet_disable_in_atomic',
  function* (t: tasklet_struct) {
    t.count++
    yield* tl.taskletSpinUnlock(t)
  },
)
/** Ends one `tasklet_disable`: what was scheduled meanwhile runs. Any context. */
export function tasklet_enable(t: tasklet_struct): void {
  if (--t.count === 0) tl.tasklets(machine()).retry(t)
}
/** Waits until it is neither scheduled nor running. May sleep; never from the callback (TSK-03). */
export const tasklet_kill: (t: tasklet_struct) => void = kernelCall('tasklet_kill', tl.taskletKill)

/** Whether the line has a handler. */
export const irq_has_action = quiet((irq: number): boolean => {
  const desc = irqs(machine()).get(irq)
  return desc !== undefined && desc.action !== null
})

export * from './interrupt/more'
