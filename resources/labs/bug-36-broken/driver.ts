import { alloc_netdev, free_netdev, net_device, netif_carrier_change, register_netdev, unregister_netdev } from './netcore'
import { module_pci_driver, pci_disable_device, pci_enable_device, pci_get_drvdata, pci_set_drvdata, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { cancel_work_sync, INIT_WORK, schedule_work, work_struct } from 'linux/workqueue'
import { mod_timer, timer_delete_sync, timer_list, timer_setup } from 'linux/timer'
import { jiffies, msecs_to_jiffies } from 'linux/jiffies'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { container_of } from 'linux/container_of'
import { msleep, usleep_range } from 'linux/delay'
import { ENOMEM } from 'linux/errno'

class usbnet {
  net!: net_device
  kevent = new work_struct()
  status_urb = new timer_list()
}

/** What the status callback may not do itself: it runs in a context that may sleep. */
function usbnet_deferred_kevent(work: work_struct) {
  const dev = container_of(work, usbnet, 'kevent')
  msleep(10) // asks the device over the bus
  netif_carrier_change(dev.net)
  usleep_range(1000, 2000) // acknowledges the message
}

/** A status message has come in: atomic context. */
function intr_complete(timer: timer_list) {
  const dev = container_of(timer, usbnet, 'status_urb')
  schedule_work(dev.kevent)
}

function usbnet_probe(pdev: pci_dev, id: pci_device_id) {
  const ret = pci_enable_device(pdev)
  if (ret) return ret
  const dev = kzalloc(usbnet, GFP_KERNEL)
  if (!dev) {
    pci_disable_device(pdev)
    return -ENOMEM
  }
  const net = alloc_netdev()
  if (!net) {
    kfree(dev)
    pci_disable_device(pdev)
    return -ENOMEM
  }
  dev.net = net
  net.priv = dev
  INIT_WORK(dev.kevent, usbnet_deferred_kevent)
  timer_setup(dev.status_urb, intr_complete, 0)
  pci_set_drvdata(pdev, dev)
  register_netdev(net)
  mod_timer(dev.status_urb, jiffies + msecs_to_jiffies(12))
  return 0
}

function usbnet_disconnect(pdev: pci_dev) {
  const dev = pci_get_drvdata<usbnet>(pdev)
  timer_delete_sync(dev.status_urb)
  unregister_netdev(dev.net) // the core flushes its own work here, once
  cancel_work_sync(dev.kevent) // a kevent under way may have queued more of it
  free_netdev(dev.net)
  kfree(dev)
  pci_disable_device(pdev)
}

const usbnet_ids = [PCI_DEVICE(0x1234, 0x11e8)]

module_pci_driver({ name: 'usbnet', id_table: usbnet_ids, probe: usbnet_probe, remove: usbnet_disconnect })
