import { msleep } from 'linux/delay'
import { disable_irq, enable_irq, free_irq, IRQ_HANDLED, request_irq } from 'linux/interrupt'
import { dummy_irq_chip, handle_simple_irq, irq_set_chip_and_handler } from 'linux/irq'
import { generic_handle_irq_safe, irq_alloc_desc, irq_free_desc, NUMA_NO_NODE } from 'linux/irqdesc'
import { KLAB, KLAB_PROBE } from './klab'

const d = { hits: 0 }
function h(irq: number, p: typeof d) {
  p.hits++
  return IRQ_HANDLED
}
function fire(irq: number) {
  const r = generic_handle_irq_safe(irq)
  KLAB('fire', 'ret=%d hits=%d', r, d.hits)
}
function probe() {
  const irq = irq_alloc_desc(NUMA_NO_NODE)
  irq_set_chip_and_handler(irq, dummy_irq_chip, handle_simple_irq)
  KLAB('request', 'ret=%d', request_irq(irq, h, 0, 'klab', d))
  fire(irq)
  disable_irq(irq)
  fire(irq)
  disable_irq(irq)
  enable_irq(irq)
  fire(irq)
  enable_irq(irq)
  msleep(50)
  KLAB('enabled', 'hits=%d', d.hits)
  fire(irq)
  enable_irq(irq)
  KLAB('unbalanced', 'returned=1')
  fire(irq)
  free_irq(irq, d)
  irq_free_desc(irq)
}
KLAB_PROBE('irq-enable-depth', probe)
