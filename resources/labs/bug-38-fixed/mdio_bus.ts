import { device, device_del, device_initialize, device_add, dev_set_name, put_device } from 'linux/device'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { EXPORT_SYMBOL } from 'linux/module'
import { BUG_ON } from 'linux/bug'
import { container_of } from 'linux/container_of'

/** The core for management buses, as much of it as is needed here. */

const MDIOBUS_ALLOCATED = 1
const MDIOBUS_REGISTERED = 2
const MDIOBUS_UNREGISTERED = 3
const MDIOBUS_RELEASED = 4

export class mii_bus {
  state = 0
  dev = new device()
}

function mdiobus_release(dev: device) {
  kfree(container_of(dev, mii_bus, 'dev'))
}

export function mdiobus_alloc() {
  const bus = kzalloc(mii_bus, GFP_KERNEL)
  if (bus) bus.state = MDIOBUS_ALLOCATED
  return bus
}

export function mdiobus_register(bus: mii_bus, parent: device, name: string) {
  device_initialize(bus.dev)
  bus.dev.parent = parent
  bus.dev.release = mdiobus_release
  dev_set_name(bus.dev, name)
  bus.state = MDIOBUS_UNREGISTERED // from here on the last reference frees it
  const ret = device_add(bus.dev)
  if (!ret) bus.state = MDIOBUS_REGISTERED
  return ret
}

export function mdiobus_unregister(bus: mii_bus) {
  bus.state = MDIOBUS_UNREGISTERED
  device_del(bus.dev)
}

export function mdiobus_free(bus: mii_bus) {
  if (bus.state === MDIOBUS_ALLOCATED) {
    kfree(bus)
    return
  }
  BUG_ON(bus.state !== MDIOBUS_UNREGISTERED)
  bus.state = MDIOBUS_RELEASED
  put_device(bus.dev)
}

EXPORT_SYMBOL(mdiobus_alloc)
EXPORT_SYMBOL(mdiobus_register)
EXPORT_SYMBOL(mdiobus_unregister)
EXPORT_SYMBOL(mdiobus_free)
