import { free_irq, request_irq, IRQ_HANDLED } from 'linux/interrupt'
import { irq_chip, handle_level_irq, handle_edge_irq, irq_set_chip_and_handler, irq_set_chip_data, irq_data_get_irq_chip_data, irqd_to_hwirq, type irq_data } from 'linux/irq'
import { generic_handle_domain_irq_safe, irq_create_mapping, irq_dispose_mapping, irq_domain_create_linear, irq_domain_remove, irq_find_mapping, type irq_domain } from 'linux/irqdomain'
import { EINVAL } from 'linux/errno'
import { KLAB, KLAB_PROBE } from './klab'

const priv = { mask: 0 }
function mask(d: irq_data) {
  KLAB('chip', 'mask hw=%lu data=%d', irqd_to_hwirq(d), irq_data_get_irq_chip_data(d) === priv)
}
function unmask(d: irq_data) {
  KLAB('chip', 'unmask hw=%lu', irqd_to_hwirq(d))
}
function ack(d: irq_data) {
  KLAB('chip', 'ack hw=%lu', irqd_to_hwirq(d))
}
const chip = new irq_chip({ name: 'klabchip', irq_mask: mask, irq_unmask: unmask, irq_ack: ack })
function map(d: irq_domain, virq: number, hw: number) {
  if (hw === 3) return -EINVAL
  irq_set_chip_and_handler(virq, chip, hw === 0 ? handle_level_irq : handle_edge_irq)
  irq_set_chip_data(virq, d.host_data)
  return 0
}
function handler(irq: number, id: any) {
  KLAB('handler', 'id=%s', id)
  return IRQ_HANDLED
}
function probe() {
  const d = irq_domain_create_linear(null, 4, { map }, priv)!
  const level = irq_create_mapping(d, 0)
  const edge = irq_create_mapping(d, 1)
  KLAB('map', 'ok=%d again=%d bad=%d', level !== 0 && edge !== 0, irq_create_mapping(d, 1) === edge, irq_create_mapping(d, 3))
  KLAB('map', 'find=%d none=%d', irq_find_mapping(d, 0) === level, irq_find_mapping(d, 2))
  KLAB('req', 'level=%d', request_irq(level, handler, 0, 'level', 'level'))
  KLAB('req', 'edge=%d', request_irq(edge, handler, 0, 'edge', 'edge'))
  KLAB('fire', 'level=%d', generic_handle_domain_irq_safe(d, 0))
  KLAB('fire', 'edge=%d', generic_handle_domain_irq_safe(d, 1))
  KLAB('fire', 'none=%d', generic_handle_domain_irq_safe(d, 2))
  free_irq(level, 'level')
  free_irq(edge, 'edge')
  irq_dispose_mapping(level)
  irq_dispose_mapping(edge)
  KLAB('map', 'gone=%d', irq_find_mapping(d, 0))
  irq_domain_remove(d)
}
KLAB_PROBE('irq-domain', probe)
