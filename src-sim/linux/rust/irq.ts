import { IRQF } from '../../kernel/irq/request-checks'

/** Interrupt handlers: `rust/irq`. */
export {
  IrqRequest, IrqReturn, Registration, ThreadedIrqReturn, ThreadedRegistration,
} from '../../kernel/rust/irq'
export type { Handler, ThreadedHandler } from '../../kernel/rust/irq'

/** `irq::Flags`: nothing special, or shared with others. */
export const Flags = { TRIGGER_NONE: 0, SHARED: IRQF.SHARED, ONESHOT: IRQF.ONESHOT } as const
