import { machine } from '../engine/current'
import { kernelCall, quiet } from '../kernel/api'
import { inHardirq } from '../kernel/irq/context'
import * as d from '../kernel/irq/domain'
import { irq_domain, type irq_domain_ops } from '../kernel/irq/domain'
import { warn } from '../kernel/printk/warn'
import { EINVAL } from './errno'
import { generic_handle_irq } from './irqdesc'

/** Brought along, as by the C header. */
export * from './irq'

/** The lines of a driver's own interrupt controller: `linux/irqdomain`. */
export { irq_domain, type irq_domain_ops } from '../kernel/irq/domain'

/** A controller with `size` lines; `host_data` is the driver's. May sleep. Pair: `irq_domain_remove`. */
export const irq_domain_create_linear = kernelCall(
  'irq_domain_create_linear',
  (_fwnode: object | null, size: number, ops: irq_domain_ops, host_data: any): irq_domain | null =>
    new irq_domain(ops, size, host_data),
)
/** The same under its former name. */
export const irq_domain_add_linear = irq_domain_create_linear
/** Ends a controller whose lines have no numbers any more. */
export const irq_domain_remove = kernelCall('irq_domain_remove', (domain: irq_domain): void => {
  if (domain.mapcount > 0)
    warn(machine(), 'irq-domain-in-use', 'kernel/irq/irqdomain.c at irq_domain_remove', null)
})
/** The number of a line, given to it now if need be. 0: no such line. May sleep. */
export const irq_create_mapping = kernelCall(
  'irq_create_mapping',
  (domain: irq_domain, hwirq: number): number => d.createMapping(domain, hwirq),
)
/** Takes the number of a line away again. May sleep. */
export const irq_dispose_mapping = kernelCall('irq_dispose_mapping', (virq: number): void =>
  d.disposeMapping(virq),
)
/** The number of a line; 0: it has none. */
export const irq_find_mapping = quiet((domain: irq_domain, hwirq: number): number =>
  d.findMapping(domain, hwirq),
)
/** Handles an interrupt of a line, from the controller's own handler. 0 or -EINVAL. */
export const generic_handle_domain_irq = kernelCall(
  'generic_handle_domain_irq',
  (domain: irq_domain, hwirq: number): number => {
    const line = d.lineOf(domain, hwirq)
    if (!line) return -EINVAL
    if (!inHardirq()) {
      const where = 'kernel/irq/irqdesc.c at generic_handle_domain_irq'
      warn(machine(), 'irq-not-in-hardirq', where, null, { printsOnce: true })
    }
    return generic_handle_irq(line.irq)
  },
)
/** The same from any context. */
export const generic_handle_domain_irq_safe = kernelCall(
  'generic_handle_domain_irq_safe',
  (domain: irq_domain, hwirq: number): number => {
    const line = d.lineOf(domain, hwirq)
    return line ? generic_handle_irq(line.irq) : -EINVAL
  },
)
