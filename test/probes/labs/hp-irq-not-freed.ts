import { msleep } from 'linux/delay'
import { free_irq, IRQ_HANDLED, request_irq } from 'linux/interrupt'
import { readl, writel } from 'linux/io'
import { pci_alloc_irq_vectors, pci_disable_device, pci_free_irq_vectors, PCI_IRQ_MSI, pci_irq_vector, pci_register_driver, type pci_dev, type pci_device_id } from 'linux/pci'
import { KLAB, KLAB_PROBE } from './klab'
import { edu, edu_enable, EDU_DRIVER } from './klab_edu'

let n = 0
function h(irq: number, d: pci_dev) {
  const s = readl(edu.mmio + 0x24)
  writel(s, edu.mmio + 0x64)
  KLAB('irq', 'status=0x%x', s)
  return IRQ_HANDLED
}
function pr(p: pci_dev, i: pci_device_id) {
  n++
  KLAB('probe', 'n=%d enable=%d', n, edu_enable(p))
  const r = pci_alloc_irq_vectors(p, 1, 1, PCI_IRQ_MSI)
  KLAB('vectors', 'ret=%d msi=%d', r, !!p.msi_enabled)
  KLAB('request', 'ret=%d', request_irq(pci_irq_vector(p, 0), h, 0, 'klabedu', p))
  writel(5, edu.mmio + 0x60)
  msleep(100)
  return 0
}
function rm(p: pci_dev) {
  if (n === 2) free_irq(pci_irq_vector(p, 0), p)
  KLAB('remove', 'n=%d free_vectors=call', n)
  pci_free_irq_vectors(p)
  KLAB('remove', 'msi=%d', !!p.msi_enabled)
  pci_disable_device(p)
}
const edu_drv = EDU_DRIVER(pr, rm)
function probe() {
  KLAB('register', 'ret=%d', pci_register_driver(edu_drv))
}
KLAB_PROBE('hp-irq-not-freed', probe)
