import { module_pci_driver, pci_alloc_irq_vectors, pci_disable_device, pci_enable_device, pci_free_irq_vectors, pci_get_drvdata, pci_iomap, pci_iounmap, pci_irq_vector, PCI_IRQ_ALL_TYPES, pci_set_drvdata, pci_set_master, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { free_irq, IRQ_HANDLED, IRQ_NONE, request_irq } from 'linux/interrupt'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { cancel_work_sync, INIT_WORK, schedule_work, work_struct } from 'linux/workqueue'
import { container_of } from 'linux/container_of'
import { dev_info } from 'linux/printk'
import { ENOMEM } from 'linux/errno'
import { readl, writel, type iomem } from 'linux/io'

const EDU_IRQ_STATUS = 0x24
const EDU_IRQ_RAISE = 0x60
const EDU_IRQ_ACK = 0x64

class demo {
  pdev!: pci_dev
  mmio!: iomem
  work = new work_struct()
  handled = 0
}

function demo_work(work: work_struct) {
  const d = container_of(work, demo, 'work')
  d.handled++
  dev_info(d.pdev.dev, 'interrupt %d handled\n', d.handled)
}

function demo_irq(irq: number, d: demo) {
  const status = readl(d.mmio + EDU_IRQ_STATUS)
  if (!status) return IRQ_NONE
  writel(status, d.mmio + EDU_IRQ_ACK)
  schedule_work(d.work)
  return IRQ_HANDLED
}

function demo_probe(pdev: pci_dev, id: pci_device_id) {
  let ret = pci_enable_device(pdev)
  if (ret) return ret
  const d = kzalloc(demo, GFP_KERNEL)
  if (!d) {
    pci_disable_device(pdev)
    return -ENOMEM
  }
  d.pdev = pdev
  d.mmio = pci_iomap(pdev, 0, 0)
  if (!d.mmio) {
    kfree(d)
    pci_disable_device(pdev)
    return -ENOMEM
  }
  INIT_WORK(d.work, demo_work)
  pci_set_drvdata(pdev, d)
  pci_set_master(pdev)
  ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_ALL_TYPES)
  if (ret >= 0) {
    ret = request_irq(pci_irq_vector(pdev, 0), demo_irq, 0, 'demo', d)
    if (ret) pci_free_irq_vectors(pdev)
  }
  if (ret < 0) {
    pci_iounmap(pdev, d.mmio)
    kfree(d)
    pci_disable_device(pdev)
    return ret
  }
  writel(1, d.mmio + EDU_IRQ_RAISE)
  return 0
}

/** Source before sink, hardware before memory. */
function demo_remove(pdev: pci_dev) {
  const d = pci_get_drvdata<demo>(pdev)
  free_irq(pci_irq_vector(pdev, 0), d)
  cancel_work_sync(d.work)
  pci_free_irq_vectors(pdev)
  pci_iounmap(pdev, d.mmio)
  pci_disable_device(pdev)
  kfree(d)
}

module_pci_driver({ name: 'demo', id_table: [PCI_DEVICE(0x1234, 0x11e8)], probe: demo_probe, remove: demo_remove })
