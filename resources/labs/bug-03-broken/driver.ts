import { module_pci_driver, pci_alloc_irq_vectors, pci_disable_device, pci_enable_device, pci_free_irq_vectors, pci_get_drvdata, pci_iomap, pci_iounmap, pci_irq_vector, PCI_IRQ_ALL_TYPES, pci_set_drvdata, pci_set_master, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { free_irq, IRQ_HANDLED, IRQ_NONE, request_irq } from 'linux/interrupt'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { cancel_work_sync, INIT_WORK, schedule_work, work_struct } from 'linux/workqueue'
import { ENOMEM } from 'linux/errno'
import { container_of } from 'linux/container_of'
import { msleep } from 'linux/delay'
import { readl, writel, type iomem } from 'linux/io'

const EDU_FACTORIAL = 0x08
const EDU_STATUS = 0x20
const EDU_STATUS_IRQ = 0x80
const EDU_IRQ_STATUS = 0x24
const EDU_IRQ_RAISE = 0x60
const EDU_IRQ_ACK = 0x64

class spi_host {
  mmio!: iomem
  work = new work_struct()
  transfers = 0
}

/** The state machine of a transfer: each step is started by an interrupt and starts the next. */
function spi_work(work: work_struct) {
  const host = container_of(work, spi_host, 'work')
  host.transfers++
  msleep(10)
  writel(3, host.mmio + EDU_FACTORIAL) // the next step: answered by an interrupt
}

function spi_irq(irq: number, host: spi_host) {
  const status = readl(host.mmio + EDU_IRQ_STATUS)
  if (!status) return IRQ_NONE
  writel(status, host.mmio + EDU_IRQ_ACK)
  schedule_work(host.work)
  return IRQ_HANDLED
}

function spi_probe(pdev: pci_dev, id: pci_device_id) {
  let ret = pci_enable_device(pdev)
  if (ret) return ret
  const host = kzalloc(spi_host, GFP_KERNEL)
  if (!host) {
    pci_disable_device(pdev)
    return -ENOMEM
  }
  host.mmio = pci_iomap(pdev, 0, 0)
  if (!host.mmio) {
    kfree(host)
    pci_disable_device(pdev)
    return -ENOMEM
  }
  INIT_WORK(host.work, spi_work)
  pci_set_master(pdev)
  ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_ALL_TYPES)
  if (ret < 0) return unwind(pdev, host, ret)
  ret = request_irq(pci_irq_vector(pdev, 0), spi_irq, 0, 'spi_host', host)
  if (ret) {
    pci_free_irq_vectors(pdev)
    return unwind(pdev, host, ret)
  }
  pci_set_drvdata(pdev, host)
  writel(EDU_STATUS_IRQ, host.mmio + EDU_STATUS)
  writel(1, host.mmio + EDU_IRQ_RAISE)
  return 0
}

function unwind(pdev: pci_dev, host: spi_host, ret: number) {
  pci_iounmap(pdev, host.mmio)
  kfree(host)
  pci_disable_device(pdev)
  return ret
}

function spi_remove(pdev: pci_dev) {
  const host = pci_get_drvdata<spi_host>(pdev)
  cancel_work_sync(host.work)
  msleep(2) // let the bus go quiet; but the last step of the work has an interrupt under way
  free_irq(pci_irq_vector(pdev, 0), host) // too late: the handler has queued the work again
  pci_free_irq_vectors(pdev)
  pci_iounmap(pdev, host.mmio)
  kfree(host)
  pci_disable_device(pdev)
}

const spi_ids = [PCI_DEVICE(0x1234, 0x11e8)]

module_pci_driver({ name: 'spi_host', id_table: spi_ids, probe: spi_probe, remove: spi_remove })
