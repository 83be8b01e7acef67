import { kernelCall } from '../../kernel/api'
import * as nmi from '../../kernel/irq/nmi'

/** Non-maskable interrupts as x86 has them: `asm/nmi`. */

export {
  NMI_DONE, NMI_FLAG_FIRST, NMI_HANDLED, NMI_IO_CHECK, NMI_LOCAL, NMI_SERR, NMI_UNKNOWN,
} from '../../kernel/irq/nmi'
export type { nmi_handler_t } from '../../kernel/irq/nmi'

/**
 * Has `fn` called in NMI context at every NMI, on the CPU that gets it, whatever is masked or held
 * there: it must not wait for any lock (LD-R05). It answers NMI_HANDLED for an event of its own, else
 * NMI_DONE; an NMI that nobody handles is complained about. `type` is NMI_LOCAL, or NMI_UNKNOWN
 * for those no other handler wanted. Any context but NMI. 0 or -EINVAL. Pair:
 * `unregister_nmi_handler`. arch/x86/kernel/nmi.c
 */
export const register_nmi_handler = kernelCall('register_nmi_handler', nmi.registerNmiHandler)

/**
 * Takes the first handler of that name off and waits for those that run (a grace period of RCU).
 * May sleep; called in an NMI it is a WARNING. arch/x86/kernel/nmi.c
 */
export const unregister_nmi_handler = kernelCall('unregister_nmi_handler', nmi.unregisterNmiHandler)
