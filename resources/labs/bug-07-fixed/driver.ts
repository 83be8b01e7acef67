import { module_pci_driver, pci_alloc_irq_vectors, pci_disable_device, pci_enable_device, pci_free_irq_vectors, pci_get_drvdata, pci_iomap, pci_iounmap, pci_irq_vector, PCI_IRQ_ALL_TYPES, pci_set_drvdata, pci_set_master, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { free_irq, IRQ_HANDLED, IRQ_WAKE_THREAD, request_threaded_irq } from 'linux/interrupt'
import { complete, completion, init_completion, wait_for_completion_timeout } from 'linux/completion'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { spin_lock, spin_lock_init, spin_lock_irq, spin_unlock, spin_unlock_irq, spinlock_t } from 'linux/spinlock'
import { ENOMEM } from 'linux/errno'
import { msleep } from 'linux/delay'
import { msecs_to_jiffies } from 'linux/jiffies'
import { dev_warn } from 'linux/printk'
import { readl, writel, type iomem } from 'linux/io'

const EDU_IRQ_STATUS = 0x24
const EDU_IRQ_RAISE = 0x60
const EDU_IRQ_ACK = 0x64
const EVENT_CONNECTOR = 1
const EVENT_ACK = 2
const ACK_TIMEOUT_MS = 1000

/** The protocol core: freed when the last connector is unregistered. */
class ucsi {
  changes = 0
}

class ucsi_ccg {
  mmio!: iomem
  core: ucsi | null = null
  lock = new spinlock_t() // protects pending
  pending = 0
  acked = new completion()
}

function ccg_irq(irq: number, uc: ucsi_ccg) {
  const status = readl(uc.mmio + EDU_IRQ_STATUS)
  writel(status, uc.mmio + EDU_IRQ_ACK)
  spin_lock(uc.lock)
  uc.pending |= status
  spin_unlock(uc.lock)
  return IRQ_WAKE_THREAD
}

function ccg_thread(irq: number, uc: ucsi_ccg) {
  spin_lock_irq(uc.lock)
  const events = uc.pending
  uc.pending = 0
  spin_unlock_irq(uc.lock)
  if (events & EVENT_ACK) complete(uc.acked)
  if (events & EVENT_CONNECTOR) {
    const core = uc.core!
    msleep(20) // a slow bus: the connector's state is read over I2C
    core.changes++
  }
  return IRQ_HANDLED
}

/** The controller must acknowledge, which it does with an interrupt; one that is gone does not. */
function ucsi_unregister(pdev: pci_dev, uc: ucsi_ccg) {
  writel(EVENT_ACK, uc.mmio + EDU_IRQ_RAISE)
  if (!wait_for_completion_timeout(uc.acked, msecs_to_jiffies(ACK_TIMEOUT_MS)))
    dev_warn(pdev.dev, 'the controller does not answer\n')
}

function ccg_probe(pdev: pci_dev, id: pci_device_id) {
  let ret = pci_enable_device(pdev)
  if (ret) return ret
  const uc = kzalloc(ucsi_ccg, GFP_KERNEL)
  if (!uc) {
    pci_disable_device(pdev)
    return -ENOMEM
  }
  spin_lock_init(uc.lock)
  init_completion(uc.acked)
  uc.core = kzalloc(ucsi, GFP_KERNEL)
  if (!uc.core) return ccg_unwind(pdev, uc, -ENOMEM)
  uc.mmio = pci_iomap(pdev, 0, 0)
  if (!uc.mmio) return ccg_unwind(pdev, uc, -ENOMEM)
  pci_set_master(pdev)
  pci_set_drvdata(pdev, uc)
  ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_ALL_TYPES)
  if (ret < 0) return ccg_unwind(pdev, uc, ret)
  ret = request_threaded_irq(pci_irq_vector(pdev, 0), ccg_irq, ccg_thread, 0, 'ucsi_ccg', uc)
  if (ret) {
    pci_free_irq_vectors(pdev)
    return ccg_unwind(pdev, uc, ret)
  }
  writel(EVENT_CONNECTOR, uc.mmio + EDU_IRQ_RAISE)
  return 0
}

function ccg_unwind(pdev: pci_dev, uc: ucsi_ccg, ret: number) {
  if (uc.mmio) pci_iounmap(pdev, uc.mmio)
  kfree(uc.core)
  kfree(uc)
  pci_disable_device(pdev)
  return ret
}

function ccg_remove(pdev: pci_dev) {
  const uc = pci_get_drvdata<ucsi_ccg>(pdev)
  ucsi_unregister(pdev, uc) // needs the interrupt alive
  free_irq(pci_irq_vector(pdev, 0), uc) // waits for handler and thread
  kfree(uc.core)
  pci_free_irq_vectors(pdev)
  pci_iounmap(pdev, uc.mmio)
  pci_disable_device(pdev)
  kfree(uc)
}

const ccg_ids = [PCI_DEVICE(0x1234, 0x11e8)]

module_pci_driver({ name: 'ucsi_ccg', id_table: ccg_ids, probe: ccg_probe, remove: ccg_remove })
