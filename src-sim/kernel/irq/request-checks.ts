import type { Machine } from '../../engine/machine'
import { kernelLog } from '../printk/log'
import { SETTINGS, type irqaction, type irq_handler_t, type IrqDesc } from './desc'

/** Flags of request_irq, by the names they have without `IRQF_`. */
export const IRQF = {
  TRIGGER_RISING: 0x1,
  TRIGGER_FALLING: 0x2,
  TRIGGER_HIGH: 0x4,
  TRIGGER_LOW: 0x8,
  SHARED: 0x80,
  PROBE_SHARED: 0x100,
  PERCPU: 0x400,
  NOBALANCING: 0x800,
  IRQPOLL: 0x1000,
  ONESHOT: 0x2000,
  NO_SUSPEND: 0x4000,
  FORCE_RESUME: 0x8000,
  NO_THREAD: 0x10000,
  EARLY_RESUME: 0x20000,
  COND_SUSPEND: 0x40000,
  NO_AUTOEN: 0x80000,
  NO_DEBUG: 0x100000,
  COND_ONESHOT: 0x200000,
} as const

const TRIGGER_MASK = 0xf
/** The number of an interrupt that is not wired to anything. */
export const IRQ_NOTCONNECTED = 0x8000_0000

const EBUSY = 16
const EINVAL = 22
const ENOTCONN = 107
const ONESHOT_SHARERS_MAX = 64

/** Errors that can be told from the arguments alone. */
export function refuseFlags(
  irq: number,
  desc: IrqDesc | undefined,
  handler: irq_handler_t | null,
  threadFn: irq_handler_t | null,
  flags: number,
  devId: unknown,
): number {
  if (irq === IRQ_NOTCONNECTED) return -ENOTCONN
  const has = (flag: number): boolean => (flags & flag) !== 0
  const anonymous = devId === null || devId === undefined
  if (
    (has(IRQF.SHARED) && anonymous) ||
    (has(IRQF.SHARED) && has(IRQF.NO_AUTOEN)) ||
    (!has(IRQF.SHARED) && has(IRQF.COND_SUSPEND)) ||
    (has(IRQF.NO_SUSPEND) && has(IRQF.COND_SUSPEND))
  )
    return -EINVAL
  if (!desc || desc.settings & SETTINGS.NOREQUEST) return -EINVAL
  return handler === null && threadFn === null ? -EINVAL : 0
}

/** Whether a new action fits to those that are on the line already. May adapt its flags. */
export function checkSharing(machine: Machine, desc: IrqDesc, action: irqaction): number {
  const old = desc.action
  if (old !== null) {
    const bothShare = (old.flags & action.flags & IRQF.SHARED) !== 0
    const sameTrigger = ((old.flags ^ action.flags) & TRIGGER_MASK) === 0
    if (!bothShare || !sameTrigger) return mismatch(machine, desc, action, old)
    if (old.flags & IRQF.ONESHOT && action.flags & IRQF.COND_ONESHOT) action.flags |= IRQF.ONESHOT
    else if ((old.flags ^ action.flags) & IRQF.ONESHOT) return mismatch(machine, desc, action, old)
    if ((old.flags ^ action.flags) & IRQF.PERCPU) return mismatch(machine, desc, action, old)
  }
  if (action.flags & IRQF.ONESHOT) {
    let sharers = 0
    for (let a = old; a !== null; a = a.next) sharers++
    return sharers >= ONESHOT_SHARERS_MAX ? -EBUSY : 0
  }
  if (action.handler !== null || desc.chip?.$oneshotSafe) return 0
  kernelLog(machine).print(
    3,
    `genirq: Threaded irq requested with handler=NULL and !ONESHOT for ${action.name} ` +
      `(irq ${desc.irq})\n`,
  )
  return -EINVAL
}

const hex8 = (n: number): string => n.toString(16).padStart(8, '0')

function mismatch(machine: Machine, desc: IrqDesc, action: irqaction, old: irqaction): number {
  if (!(action.flags & IRQF.PROBE_SHARED))
    kernelLog(machine).print(
      3,
      `genirq: Flags mismatch irq ${desc.irq}. ${hex8(action.flags)} (${action.name}) ` +
        `vs. ${hex8(old.flags)} (${old.name})\n`,
    )
  return -EBUSY
}
