import { alloc_workqueue, destroy_workqueue, flush_workqueue, INIT_WORK, queue_work, work_struct, WQ_UNBOUND, type workqueue_struct } from 'linux/workqueue'
import { EXPORT_SYMBOL_GPL, module_exit, module_init } from 'linux/module'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { container_of } from 'linux/container_of'
import { msleep } from 'linux/delay'
import { ENOMEM } from 'linux/errno'

/** The part of the network core that this lab needs: devices, and the work that follows their link. */
export class net_device {
  carrier = false
  running = false
  priv: unknown = null
  ndo_stop: ((dev: net_device) => void) | null = null
  linkwatch = new work_struct()
}

let linkwatch_wq: workqueue_struct

function linkwatch_event(work: work_struct) {
  const dev = container_of(work, net_device, 'linkwatch')
  msleep(4) // waits for the lock of the network configuration
  dev.carrier = !dev.carrier
}

export function alloc_netdev() {
  const dev = kzalloc(net_device, GFP_KERNEL)
  if (dev) INIT_WORK(dev.linkwatch, linkwatch_event)
  return dev
}

export function register_netdev(dev: net_device) {
  dev.running = true
  return 0
}

/** Tells the core that the link has changed. Any context. */
export function netif_carrier_change(dev: net_device) {
  queue_work(linkwatch_wq, dev.linkwatch)
}

/** Stops the device and lets the core's own work for it come to its end, once. May sleep. */
export function unregister_netdev(dev: net_device) {
  if (dev.running && dev.ndo_stop) dev.ndo_stop(dev)
  dev.running = false
  flush_workqueue(linkwatch_wq)
}

export function free_netdev(dev: net_device) {
  kfree(dev)
}

function netcore_init() {
  const queue = alloc_workqueue('linkwatch', WQ_UNBOUND, 0)
  if (!queue) return -ENOMEM
  linkwatch_wq = queue
  return 0
}

function netcore_exit() {
  destroy_workqueue(linkwatch_wq)
}

EXPORT_SYMBOL_GPL(alloc_netdev)
EXPORT_SYMBOL_GPL(free_netdev)
EXPORT_SYMBOL_GPL(netif_carrier_change)
EXPORT_SYMBOL_GPL(register_netdev)
EXPORT_SYMBOL_GPL(unregister_netdev)

module_init(netcore_init)
module_exit(netcore_exit)
