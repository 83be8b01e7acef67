import { module_pci_driver, pci_disable_device, pci_enable_device, pci_get_drvdata, pci_set_drvdata, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { cancel_work_sync, INIT_WORK, schedule_work, work_struct } from 'linux/workqueue'
import { jiffies, msecs_to_jiffies } from 'linux/jiffies'
import { mod_timer, timer_delete_sync, timer_list, timer_setup } from 'linux/timer'
import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from 'linux/mutex'
import { ENOMEM } from 'linux/errno'
import { container_of } from 'linux/container_of'
import { msleep } from 'linux/delay'

/** The lock of all network configuration. */
const rtnl = DEFINE_MUTEX('rtnl_mutex')

class e1000 {
  watchdog = new timer_list()
  reset_task = new work_struct()
  up = 0
}

function e1000_watchdog(t: timer_list) {
  const adapter = container_of(t, e1000, 'watchdog')
  schedule_work(adapter.reset_task)
}

function e1000_reset_task(work: work_struct) {
  const adapter = container_of(work, e1000, 'reset_task')
  mutex_lock(rtnl)
  if (adapter.up) adapter.up++
  mutex_unlock(rtnl)
}

function e1000_down(adapter: e1000) {
  adapter.up = 0
  msleep(10) // the transmitter drains; meanwhile the watchdog still asks for a reset
  timer_delete_sync(adapter.watchdog)
  // The work does nothing while the interface is down.
}

function e1000_probe(pdev: pci_dev, id: pci_device_id) {
  const ret = pci_enable_device(pdev)
  if (ret) return ret
  const adapter = kzalloc(e1000, GFP_KERNEL)
  if (!adapter) {
    pci_disable_device(pdev)
    return -ENOMEM
  }
  INIT_WORK(adapter.reset_task, e1000_reset_task)
  timer_setup(adapter.watchdog, e1000_watchdog, 0)
  adapter.up = 1
  pci_set_drvdata(pdev, adapter)
  mod_timer(adapter.watchdog, jiffies + msecs_to_jiffies(8))
  return 0
}

function e1000_remove(pdev: pci_dev) {
  const adapter = pci_get_drvdata<e1000>(pdev)
  mutex_lock(rtnl)
  e1000_down(adapter)
  mutex_unlock(rtnl)
  cancel_work_sync(adapter.reset_task) // without rtnl
  pci_disable_device(pdev)
  kfree(adapter)
}

const e1000_ids = [PCI_DEVICE(0x1234, 0x11e8)]

module_pci_driver({ name: 'e1000', id_table: e1000_ids, probe: e1000_probe, remove: e1000_remove })
