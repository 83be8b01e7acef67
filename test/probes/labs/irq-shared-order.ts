import { free_irq, IRQ_HANDLED, IRQ_NONE, IRQF_SHARED, request_irq } from 'linux/interrupt'
import { dummy_irq_chip, handle_simple_irq, irq_set_chip_and_handler } from 'linux/irq'
import { generic_handle_irq_safe, irq_alloc_desc, irq_free_desc, NUMA_NO_NODE } from 'linux/irqdesc'
import { KLAB, KLAB_PROBE } from './klab'

const d = [{ n: 0 }, { n: 1 }, { n: 2 }]
function h(irq: number, p: { n: number }) {
  KLAB('handler', 'n=%d', p.n)
  return p.n === 1 ? IRQ_NONE : IRQ_HANDLED
}
function probe() {
  const irq = irq_alloc_desc(NUMA_NO_NODE)
  irq_set_chip_and_handler(irq, dummy_irq_chip, handle_simple_irq)
  for (let k = 0; k < 3; k++) {
    const r = request_irq(irq, h, IRQF_SHARED, 'klab', d[k])
    KLAB('request', 'n=%d ret=%d', k, r)
  }
  KLAB('fire', 'ret=%d', generic_handle_irq_safe(irq))
  KLAB('free', 'n=1')
  free_irq(irq, d[1])
  KLAB('fire', 'ret=%d', generic_handle_irq_safe(irq))
  KLAB('free', 'n=0')
  free_irq(irq, d[0])
  KLAB('free', 'n=2')
  free_irq(irq, d[2])
  irq_free_desc(irq)
}
KLAB_PROBE('irq-shared-order', probe)
