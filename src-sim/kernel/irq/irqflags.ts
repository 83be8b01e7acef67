import { Hook } from '../../base/disposable'
import { machine, now } from '../../engine/current'
import { service } from '../../engine/service'
import { irq_disable, irq_enable } from '../../trace/events'
import { emit } from '../emit'
import { kernelFunction } from '../sched/schedule'

/** What lock checkers need to know about interrupts: when they are possible, and when one runs. */
class IrqTrace {
  readonly on = {
    /** This CPU stops taking interrupts; the argument is the function that did it. */
    irqsOff: new Hook<[caller: string]>(),
    irqsOn: new Hook<[caller: string]>(),
    /** The first of nested bottom-half disables, and the end of the last one. */
    bhOff: new Hook<[caller: string]>(),
    bhOn: new Hook<[caller: string]>(),
    /** `source` is the irq descriptor, timer base ... that interrupts. */
    hardirqEnter: new Hook<[source: object, name: string]>(),
    hardirqExit: new Hook<[source: object, name: string]>(),
    softirqEnter: new Hook<[vector: number]>(),
    softirqExit: new Hook<[vector: number]>(),
  }
}

export const irqTrace = service(() => new IrqTrace())

/** The interrupt-enable bit of x86 `flags` words. */
export const IRQ_FLAG = 0x200

export function localIrqDisable(): void {
  const cpu = now.cpu
  if (cpu === null || cpu.irqsOff) return
  cpu.irqsOff = true
  const caller = kernelFunction('local_irq_disable')
  emit(irq_disable, caller)
  irqTrace(machine()).on.irqsOff.emit(caller)
}

export function localIrqEnable(): void {
  const cpu = now.cpu
  if (cpu === null || !cpu.irqsOff) return
  const caller = kernelFunction('local_irq_enable')
  irqTrace(machine()).on.irqsOn.emit(caller)
  cpu.irqsOff = false
  emit(irq_enable, caller)
}

/** Answers the flags word for `localIrqRestore`. */
export function localIrqSave(): number {
  const flags = now.cpu !== null && now.cpu.irqsOff ? 0 : IRQ_FLAG
  localIrqDisable()
  return flags
}

export function localIrqRestore(flags: number): void {
  if (flags & IRQ_FLAG) localIrqEnable()
  else localIrqDisable()
}
