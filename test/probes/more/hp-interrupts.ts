import { pci_dev, pci_device_id, pci_driver, PCI_DEVICE, pci_enable_device, pci_disable_device, pci_request_regions, pci_release_regions, pci_iomap, pci_iounmap, pci_set_drvdata, pci_get_drvdata, pci_register_driver, pci_unregister_driver, pci_resource_len, pci_resource_start, pci_set_master, pci_name, pcim_enable_device, pcim_iomap, pci_alloc_irq_vectors, pci_irq_vector, PCI_IRQ_MSI, PCI_IRQ_ALL_TYPES, pci_free_irq_vectors, pci_read_config_word, PCI_VENDOR_ID, pci_is_enabled, pci_find_capability, PCI_CAP_ID_MSI } from 'linux/pci'
import { devm_request_irq, IRQ_HANDLED, IRQ_NONE, irqreturn_t, free_irq, request_irq, IRQF_SHARED } from 'linux/interrupt'
import { readl, writel, ioread32, iowrite32, iomem } from 'linux/io'
import { completion, init_completion, complete, wait_for_completion_timeout, wait_for_completion } from 'linux/completion'
import { msecs_to_jiffies } from 'linux/jiffies'
import { devm_kzalloc } from 'linux/device'
import { GFP_KERNEL } from 'linux/slab'
import { ENOMEM } from 'linux/errno'
import { ptr } from 'linux/types'
import { KLAB, KLAB_PROBE_EXIT } from './klab'
class edu { mmio!: iomem; done = new completion(); irqs = 0 }
function h(irq: number, e: edu): irqreturn_t {
  const s = readl(e.mmio + 0x24)
  if (!s) return IRQ_NONE
  writel(s, e.mmio + 0x64)
  e.irqs++
  complete(e.done)
  return IRQ_HANDLED
}
function pr(p: pci_dev, id: pci_device_id) {
  const e = devm_kzalloc(p.dev, edu, GFP_KERNEL)
  if (!e) return -ENOMEM
  init_completion(e.done)
  KLAB('probe', 'enabled=%d ret=%d', pci_is_enabled(p), pcim_enable_device(p))
  KLAB('probe', 'regions=%d again=%d', pci_request_regions(p, 'klab'), pci_request_regions(p, 'klab2'))
  e.mmio = pcim_iomap(p, 0, 0)
  KLAB('probe', 'id=0x%x len=%d', readl(e.mmio), pci_resource_len(p, 0))
  pci_set_master(p)
  const n = pci_alloc_irq_vectors(p, 1, 4, PCI_IRQ_ALL_TYPES)
  KLAB('probe', 'vectors=%d', n)
  KLAB('probe', 'irq=%d', devm_request_irq(p.dev, pci_irq_vector(p, 0), h, 0, 'klab', e))
  pci_set_drvdata(p, e)
  writel(0x80, e.mmio + 0x20)
  writel(5, e.mmio + 8)
  KLAB('probe', 'wait=%d', wait_for_completion_timeout(e.done, msecs_to_jiffies(1000)) > 0)
  KLAB('probe', 'fact=%d', readl(e.mmio + 8))
  const v = ptr(0)
  KLAB('probe', 'cfg=%d vendor=0x%x', pci_read_config_word(p, PCI_VENDOR_ID, v), v.value)
  return 0
}
function rm(p: pci_dev) {
  const e = pci_get_drvdata<edu>(p)
  KLAB('remove', 'irqs=%d', e.irqs)
  pci_release_regions(p)
}
const drv: pci_driver = new pci_driver({ name: 'klabpci', id_table: [PCI_DEVICE(0x1234, 0x11e8)], probe: pr, remove: rm })
function probe() { KLAB('reg', 'ret=%d', pci_register_driver(drv)) }
function bye() { pci_unregister_driver(drv) }
KLAB_PROBE_EXIT('hp-interrupts', probe, bye)
