import { kernelCall } from '../kernel/api'
import { localBhDisable, localBhEnable } from '../kernel/irq/softirq'

/** Softirqs of this CPU: `linux/bottom_half`. */

/** No softirq runs on this CPU until `local_bh_enable`. Nests. */
export function local_bh_disable(): void {
  localBhDisable()
}
/** Ends one `local_bh_disable`; the outermost one first runs what is pending (CTX-05). */
export const local_bh_enable: () => void = kernelCall('local_bh_enable', localBhEnable)
