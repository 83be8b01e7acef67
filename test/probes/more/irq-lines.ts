import { disable_irq, enable_irq, free_irq, IRQ_HANDLED, request_irq } from 'linux/interrupt'
import { dummy_irq_chip, handle_simple_irq, irq_alloc_desc, irq_free_desc, irq_get_chip_data, irq_get_irq_data, irq_set_chip_and_handler, irq_set_chip_data, irq_set_status_flags, irq_clear_status_flags, irqd_irq_disabled, IRQ_NOAUTOEN, IRQ_NOREQUEST, NUMA_NO_NODE } from 'linux/irq'
import { KLAB, KLAB_PROBE } from './klab'

function h(irq: number, d: string) {
  return IRQ_HANDLED
}
function probe() {
  const irq = irq_alloc_desc(NUMA_NO_NODE)
  KLAB('request', 'no_chip=%d', request_irq(irq, h, 0, 'x', 'd'))
  irq_set_chip_and_handler(irq, dummy_irq_chip, handle_simple_irq)
  irq_set_chip_data(irq, { n: 7 })
  const data = irq_get_irq_data(irq)!
  KLAB('data', 'irq=%d chip=%d n=%d disabled=%d', data.irq === irq, data.chip === dummy_irq_chip, irq_get_chip_data<{ n: number }>(irq)!.n, irqd_irq_disabled(data))
  irq_set_status_flags(irq, IRQ_NOREQUEST)
  KLAB('request', 'norequest=%d', request_irq(irq, h, 0, 'x', 'd'))
  irq_clear_status_flags(irq, IRQ_NOREQUEST)
  irq_set_status_flags(irq, IRQ_NOAUTOEN)
  KLAB('request', 'noautoen=%d disabled=%d', request_irq(irq, h, 0, 'x', 'd'), irqd_irq_disabled(data))
  enable_irq(irq)
  KLAB('enabled', 'disabled=%d', irqd_irq_disabled(data))
  disable_irq(irq)
  KLAB('disabled', 'disabled=%d', irqd_irq_disabled(data))
  free_irq(irq, 'd')
  irq_free_desc(irq)
  KLAB('freed', 'data=%d request=%d', !!irq_get_irq_data(irq), request_irq(irq, h, 0, 'x', 'd'))
}
KLAB_PROBE('irq-lines', probe)
