import { module_pci_driver, pci_disable_device, pci_enable_device, pci_get_drvdata, pci_iomap, pci_iounmap, pci_set_drvdata, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { INIT_WORK, schedule_work, work_struct } from 'linux/workqueue'
import { jiffies, msecs_to_jiffies } from 'linux/jiffies'
import { mod_timer, timer_delete_sync, timer_list, timer_setup } from 'linux/timer'
import { ENOMEM } from 'linux/errno'
import { container_of } from 'linux/container_of'
import { dev_warn } from 'linux/printk'
import { msleep } from 'linux/delay'
import { writel, type iomem } from 'linux/io'

const EDU_LIVENESS = 0x04

/** The private data: dies in remove(). */
class nic {
  pdev!: pci_dev
  mmio!: iomem
  watchdog = new timer_list()
  reset_work = new work_struct()
  resets = 0
}

/** Transmission has stalled: ask for a reset, which needs a context that may sleep. */
function nic_tx_timeout(t: timer_list) {
  const priv = container_of(t, nic, 'watchdog')
  schedule_work(priv.reset_work)
}

function nic_reset_work(work: work_struct) {
  const priv = container_of(work, nic, 'reset_work')
  writel(0x5a5a5a5a, priv.mmio + EDU_LIVENESS)
  msleep(20) // the link needs time to come back
  priv.resets++
  dev_warn(priv.pdev.dev, 'reset %d done\n', priv.resets)
}

function nic_probe(pdev: pci_dev, id: pci_device_id) {
  const ret = pci_enable_device(pdev)
  if (ret) return ret
  const priv = kzalloc(nic, GFP_KERNEL)
  if (!priv) {
    pci_disable_device(pdev)
    return -ENOMEM
  }
  priv.pdev = pdev
  priv.mmio = pci_iomap(pdev, 0, 0)
  if (!priv.mmio) {
    kfree(priv)
    pci_disable_device(pdev)
    return -ENOMEM
  }
  INIT_WORK(priv.reset_work, nic_reset_work)
  timer_setup(priv.watchdog, nic_tx_timeout, 0)
  pci_set_drvdata(pdev, priv)
  mod_timer(priv.watchdog, jiffies + msecs_to_jiffies(8))
  return 0
}

function nic_remove(pdev: pci_dev) {
  const priv = pci_get_drvdata<nic>(pdev)
  timer_delete_sync(priv.watchdog)
  // Nobody waits for reset_work: it may be queued, or in the middle of its sleep.
  pci_iounmap(pdev, priv.mmio)
  pci_disable_device(pdev)
  kfree(priv)
}

const nic_ids = [PCI_DEVICE(0x1234, 0x11e8)]

module_pci_driver({ name: 'nic', id_table: nic_ids, probe: nic_probe, remove: nic_remove })
