import { cancel_delayed_work_sync, delayed_work, INIT_DELAYED_WORK, schedule_delayed_work, to_delayed_work, type work_struct } from 'linux/workqueue'
import { dev_set_name, device, device_add, device_del, device_initialize, put_device } from 'linux/device'
import { EXPORT_SYMBOL_GPL } from 'linux/module'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { msecs_to_jiffies } from 'linux/jiffies'
import { container_of } from 'linux/container_of'

const FRAME_SIZE = 64
const ANNOUNCEMENTS = 3

/** The part of the network core that this lab needs: an interface that announces itself. */
export class sk_buff {
  data: Uint8Array | null = null
  len = 0
}

/** The device inside stands for the interface in sysfs; its parent is the hardware. */
export class net_device {
  dev = new device()
  priv: unknown = null
  tx_packets = 0
  tx_dropped = 0
  ndo_start_xmit: ((skb: sk_buff, ndev: net_device) => void) | null = null
  announce = new delayed_work()
  announced = 0
}

function dev_alloc_skb() {
  const skb = kzalloc(sk_buff, GFP_KERNEL)
  if (!skb) return null
  skb.data = kzalloc(FRAME_SIZE, GFP_KERNEL)
  skb.len = FRAME_SIZE
  if (skb.data) return skb
  kfree(skb)
  return null
}

/** Any context. */
export function dev_kfree_skb_any(skb: sk_buff) {
  kfree(skb.data)
  kfree(skb)
}

function netdev_announce(work: work_struct) {
  const ndev = container_of(to_delayed_work(work), net_device, 'announce')
  const skb = dev_alloc_skb()
  if (skb) ndev.ndo_start_xmit!(skb, ndev)
  if (++ndev.announced < ANNOUNCEMENTS) schedule_delayed_work(ndev.announce, msecs_to_jiffies(4))
}

function netdev_release(dev: device) {
  kfree(container_of(dev, net_device, 'dev'))
}

export function alloc_etherdev() {
  const ndev = kzalloc(net_device, GFP_KERNEL)
  if (!ndev) return null
  device_initialize(ndev.dev)
  ndev.dev.release = netdev_release
  INIT_DELAYED_WORK(ndev.announce, netdev_announce)
  return ndev
}

export function SET_NETDEV_DEV(ndev: net_device, parent: device) {
  ndev.dev.parent = parent
}

/** From here on frames may be sent. 0 or -errno. May sleep. */
export function register_netdev(ndev: net_device) {
  dev_set_name(ndev.dev, 'eth0')
  const ret = device_add(ndev.dev)
  if (!ret) schedule_delayed_work(ndev.announce, msecs_to_jiffies(4))
  return ret
}

/** No more frames after this. May sleep. */
export function unregister_netdev(ndev: net_device) {
  cancel_delayed_work_sync(ndev.announce)
  device_del(ndev.dev)
}

export function free_netdev(ndev: net_device) {
  put_device(ndev.dev)
}

EXPORT_SYMBOL_GPL(alloc_etherdev)
EXPORT_SYMBOL_GPL(dev_kfree_skb_any)
EXPORT_SYMBOL_GPL(free_netdev)
EXPORT_SYMBOL_GPL(register_netdev)
EXPORT_SYMBOL_GPL(SET_NETDEV_DEV)
EXPORT_SYMBOL_GPL(unregister_netdev)
