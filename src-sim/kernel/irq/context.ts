import {
  HARDIRQ_MASK, NMI_MASK, SOFTIRQ_MASK, SOFTIRQ_OFFSET,
} from '../../engine/cpu'
import { now } from '../../engine/current'

/** The preempt counter of the CPU that executes this; 0 where no CPU does (hardware). */
export const preemptCount = (): number => (now.cpu === null ? 0 : now.cpu.preemptCount)

export const inHardirq = (): boolean => (preemptCount() & HARDIRQ_MASK) !== 0
export const inNmi = (): boolean => (preemptCount() & NMI_MASK) !== 0
/** Serving a softirq, or bottom halves merely disabled. */
export const inSoftirq = (): boolean => (preemptCount() & SOFTIRQ_MASK) !== 0
/** Serving is one unit, disabling two: the lowest bit tells them apart. */
export const inServingSoftirq = (): boolean => (preemptCount() & SOFTIRQ_OFFSET) !== 0
export const inInterrupt = (): boolean =>
  (preemptCount() & (NMI_MASK | HARDIRQ_MASK | SOFTIRQ_MASK)) !== 0
export const inTask = (): boolean =>
  (preemptCount() & (NMI_MASK | HARDIRQ_MASK | SOFTIRQ_OFFSET)) === 0
export const inAtomic = (): boolean => preemptCount() !== 0
export const irqsDisabled = (): boolean => now.cpu !== null && now.cpu.irqsOff
export const preemptible = (): boolean => !inAtomic() && !irqsDisabled()
