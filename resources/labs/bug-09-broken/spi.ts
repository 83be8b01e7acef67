import { misc_deregister, misc_register, miscdevice, MISC_DYNAMIC_MINOR } from 'linux/miscdevice'
import { devm_add_action_or_reset, devm_kzalloc, type device } from 'linux/device'
import { mutex, mutex_init, mutex_lock, mutex_unlock } from 'linux/mutex'
import { kref, kref_get, kref_init, kref_put } from 'linux/kref'
import { EXPORT_SYMBOL_GPL, THIS_MODULE } from 'linux/module'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { ENOMEM, ENOTTY, ESHUTDOWN } from 'linux/errno'
import { container_of } from 'linux/container_of'
import { type file, type inode } from 'linux/fs'

const SPI_IOC_MESSAGE = 1

/** One word out, one word in. */
export interface spi_transfer {
  tx: number
  rx: number
}

/** A host: the driver fills in `transfer_one`. */
export class spi_controller {
  devdata: unknown = null
  transfer_one: ((ctlr: spi_controller, xfer: spi_transfer) => number) | null = null
  spidev: spidev_data | null = null
}

/** The node of the one chip on the bus: of the host, and of every open file. */
class spidev_data {
  ref = new kref()
  spi_lock = new mutex() // held during a transfer; protects spi
  spi: spi_controller | null = null
  misc = new miscdevice()
}

function spidev_free(ref: kref) {
  kfree(container_of(ref, spidev_data, 'ref'))
}

function spidev_open(inode: inode, file: file) {
  const spidev = container_of(file.private_data as miscdevice, spidev_data, 'misc')
  kref_get(spidev.ref)
  file.private_data = spidev
  return 0
}

function spidev_release(inode: inode, file: file) {
  kref_put((file.private_data as spidev_data).ref, spidev_free)
  return 0
}

function spidev_ioctl(file: file, cmd: number, arg: spi_transfer) {
  const spidev = file.private_data as spidev_data
  if (cmd !== SPI_IOC_MESSAGE) return -ENOTTY
  mutex_lock(spidev.spi_lock)
  const { spi } = spidev
  const ret = spi ? spi.transfer_one!(spi, arg) : -ESHUTDOWN
  mutex_unlock(spidev.spi_lock)
  return ret
}

const spidev_fops = {
  owner: THIS_MODULE,
  open: spidev_open,
  release: spidev_release,
  unlocked_ioctl: spidev_ioctl,
}

/** A host whose memory goes when the driver is unbound. NULL when there is none. */
export function devm_spi_alloc_host(dev: device) {
  return devm_kzalloc(dev, spi_controller, GFP_KERNEL)
}

/** From here on programs can use the bus. 0 or -errno. May sleep. */
export function spi_register_controller(ctlr: spi_controller) {
  const spidev = kzalloc(spidev_data, GFP_KERNEL)
  if (!spidev) return -ENOMEM
  kref_init(spidev.ref)
  mutex_init(spidev.spi_lock)
  spidev.spi = ctlr
  spidev.misc.minor = MISC_DYNAMIC_MINOR
  spidev.misc.name = 'spidev0.0'
  spidev.misc.fops = spidev_fops
  ctlr.spidev = spidev
  const ret = misc_register(spidev.misc)
  if (ret) kref_put(spidev.ref, spidev_free)
  return ret
}

/** No new transfers, and the one under way is over when this returns. May sleep. */
export function spi_unregister_controller(ctlr: spi_controller) {
  const spidev = ctlr.spidev!
  misc_deregister(spidev.misc)
  mutex_lock(spidev.spi_lock)
  spidev.spi = null
  mutex_unlock(spidev.spi_lock)
  kref_put(spidev.ref, spidev_free)
}

/** The same; devres unregisters the host, which is after the driver's remove(). */
export function devm_spi_register_controller(dev: device, ctlr: spi_controller) {
  const ret = spi_register_controller(ctlr)
  if (ret) return ret
  return devm_add_action_or_reset(dev, spi_unregister_controller, ctlr)
}

EXPORT_SYMBOL_GPL(devm_spi_alloc_host)
EXPORT_SYMBOL_GPL(devm_spi_register_controller)
EXPORT_SYMBOL_GPL(spi_register_controller)
EXPORT_SYMBOL_GPL(spi_unregister_controller)
