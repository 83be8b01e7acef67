import { machine } from '../../engine/current'
import { hidden } from '../../engine/object'
import type { Sim } from '../../engine/suspend'
import { kernelCall, quiet } from '../../kernel/api'
import type { attribute_group } from '../../kernel/base/attributes'
import { findDevice, registerDriver, unregisterDriver } from '../../kernel/base/bus'
import { bindWithoutProbe, releaseDriver } from '../../kernel/base/bind'
import {
  getDevice,
  isRegistered,
  lockDevice,
  putDevice,
  unlockDevice,
} from '../../kernel/base/core'
import type { device } from '../../kernel/base/device'
import { modules } from '../../kernel/base/module'
import { kernelLog } from '../../kernel/printk/log'
import {
  deviceOfInterface,
  interfaceOf,
  isInterface,
  unbindInterface,
} from '../../kernel/usb/driver'
import { addIdFiles } from '../../kernel/usb/dynamic-ids'
import { usbBus } from '../../kernel/usb/host'
import { matchId, matchOne } from '../../kernel/usb/match'
import {
  usb_driver,
  USB_INTERFACE_BOUND,
  USB_INTERFACE_UNBINDING,
  type pm_message_t,
  type usb_device,
  type usb_device_id,
  type usb_interface,
} from '../../kernel/usb/structs'
import type { usb_host_interface } from '../../kernel/usb/descriptors'
import { EBUSY, ENODEV } from '../errno'
import { module_exit, module_init } from '../module'

/** Drivers of USB interfaces, and what they hold on to. */

/** What a driver writes down instead of filling in a `struct usb_driver`. */
export interface usb_driver_init {
  name: string
  id_table?: readonly usb_device_id[]
  probe?: (intf: usb_interface, id: usb_device_id) => number
  disconnect?: (intf: usb_interface) => void
  suspend?: (intf: usb_interface, message: pm_message_t) => number
  resume?: (intf: usb_interface) => number
  reset_resume?: (intf: usb_interface) => number
  pre_reset?: (intf: usb_interface) => number
  post_reset?: (intf: usb_interface) => number
  shutdown?: (intf: usb_interface) => void
  dev_groups?: readonly attribute_group[]
  supports_autosuspend?: number | boolean
  soft_unbind?: number | boolean
  no_dynamic_id?: number | boolean
  disable_hub_initiated_lpm?: number | boolean
}

const known = new WeakMap<object, usb_driver>()

function driverOf(init: usb_driver | usb_driver_init): usb_driver {
  if (init instanceof usb_driver) return init
  let drv = known.get(init)
  if (drv) return drv
  drv = new usb_driver()
  Object.assign(drv, init)
  known.set(init, drv)
  return drv
}

function* register(init: usb_driver | usb_driver_init): Sim<number> {
  const drv = driverOf(init)
  const { driver } = drv
  driver.name = drv.name
  driver.bus = usbBus()
  driver.owner ??= modules(machine()).current
  driver.dev_groups = drv.dev_groups
  addIdFiles(drv)
  driver.$probe = drv.probe as typeof driver.$probe
  driver.$remove = drv.disconnect as typeof driver.$remove
  const ret = yield* registerDriver(driver)
  const log = kernelLog(machine())
  if (ret) log.print(3, `usbcore: error ${ret} registering interface driver ${drv.name}\n`)
  else log.print(6, `usbcore: registered new interface driver ${drv.name}\n`)
  return ret
}

/** Offers a driver to the bus; probes what fits. 0 or -errno. May sleep. */
export const usb_register = kernelCall('usb_register_driver', register)
/** The same with the owner and name that the macro above fills in by itself. */
export const usb_register_driver = kernelCall(
  'usb_register_driver',
  (init: usb_driver | usb_driver_init, _owner?: unknown, _mod_name?: string) => register(init),
)

function* deregister(init: usb_driver | usb_driver_init): Sim {
  const drv = driverOf(init)
  kernelLog(machine()).print(6, `usbcore: deregistering interface driver ${drv.name}\n`)
  yield* unregisterDriver(drv.driver)
  drv.$newIds.length = 0
}

/** Calls `disconnect` for every bound interface and takes the driver off the bus. May sleep. */
export const usb_deregister = kernelCall('usb_deregister', deregister)

/** A module whose init and exit only register and deregister this driver. */
export function module_usb_driver(init: usb_driver | usb_driver_init): void {
  const drv = driverOf(init)
  drv.driver.owner = modules(machine()).loading
  module_init(() => register(drv) as unknown as number)
  module_exit(() => deregister(drv) as unknown as void)
}

export const usb_match_id = quiet(function usb_match_id(
  intf: usb_interface,
  id: readonly usb_device_id[] | null,
): usb_device_id | null {
  return matchId(deviceOfInterface(intf), intf, id)
})
export const usb_match_one_id = quiet(function usb_match_one_id(
  intf: usb_interface,
  id: usb_device_id,
): number {
  return matchOne(deviceOfInterface(intf), intf, id) ? 1 : 0
})

/** Keeps the driver's data with the interface; the bus forgets it after `disconnect`. */
export function usb_set_intfdata(intf: usb_interface, data: unknown): void {
  intf.dev.driver_data = data
}
/** What `usb_set_intfdata` kept. */
export function usb_get_intfdata<T = unknown>(intf: usb_interface): T {
  return intf.dev.driver_data as T
}

/**
 * Takes a further interface of the same device, without a probe: from `probe`, for functions that
 * have several. 0, -EBUSY when it has a driver, -ENODEV. The device lock is held.
 */
export const usb_driver_claim_interface = kernelCall(
  'usb_driver_claim_interface',
  function* (
    init: usb_driver | usb_driver_init,
    iface: usb_interface | null,
    data: unknown,
  ): Sim<number> {
    if (!iface) return -ENODEV
    const { dev } = iface
    if (dev.driver) return -EBUSY
    if (!iface.authorized) return -ENODEV
    dev.driver = driverOf(init).driver
    dev.driver_data = data
    iface.needs_binding = 0
    iface.condition = USB_INTERFACE_BOUND
    if (!isRegistered(dev)) return 0
    return yield* bindWithoutProbe(dev)
  },
)

/** Gives an interface back that was claimed: `disconnect` is called for it. */
export const usb_driver_release_interface = kernelCall(
  'usb_driver_release_interface',
  function* (init: usb_driver | usb_driver_init, iface: usb_interface): Sim {
    const { dev } = iface
    if (dev.driver === null || dev.driver !== driverOf(init).driver) return
    if (iface.condition !== USB_INTERFACE_BOUND) return
    iface.condition = USB_INTERFACE_UNBINDING
    if (isRegistered(dev)) {
      yield* releaseDriver(dev)
      return
    }
    yield* lockDevice(dev)
    yield* unbindInterface(dev)
    dev.driver = null
    unlockDevice(dev)
  },
)
/** An interface that a driver is bound to. */
export const usb_interface_claimed = quiet(function usb_interface_claimed(
  iface: usb_interface,
): number {
  return iface.dev.driver ? 1 : 0
})

/** The device that an interface is part of. */
export const interface_to_usbdev = quiet(function interface_to_usbdev(
  intf: usb_interface,
): usb_device {
  return deviceOfInterface(intf)
})
export const to_usb_interface = quiet(function to_usb_interface(dev: device): usb_interface {
  return interfaceOf(dev)
})
export const to_usb_device = quiet(function to_usb_device(dev: device): usb_device {
  return hidden(dev).$parent as usb_device
})

/** Takes a reference; it does not keep the device connected. Pair: `usb_put_dev`. */
export function usb_get_dev<T extends usb_device | null>(dev: T): T {
  if (dev) getDevice(dev.dev)
  return dev
}
/** Drops a reference. May run the release function here and now. */
export const usb_put_dev = kernelCall('usb_put_dev', function* (dev: usb_device | null): Sim {
  if (dev) yield* putDevice(dev.dev)
})
/** Takes a reference to an interface; a driver may be unbound all the same. */
export function usb_get_intf<T extends usb_interface | null>(intf: T): T {
  if (intf) getDevice(intf.dev)
  return intf
}
export const usb_put_intf = kernelCall('usb_put_intf', function* (intf: usb_interface | null): Sim {
  if (intf) yield* putDevice(intf.dev)
})

/** The interface that this driver is bound to and that has this minor, or null. No reference. */
export const usb_find_interface = kernelCall(
  'usb_find_interface',
  function* (init: usb_driver | usb_driver_init, minor: number): Sim<usb_interface | null> {
    const drv = driverOf(init)
    const dev = yield* findDevice(
      usbBus(),
      null,
      (d) => isInterface(d) && d.driver === drv.driver && interfaceOf(d).minor === minor,
    )
    if (!dev) return null
    yield* putDevice(dev)
    return interfaceOf(dev)
  },
)

/** An interface of the configuration by its number, or null. */
export const usb_ifnum_to_if = quiet(function usb_ifnum_to_if(
  dev: usb_device,
  ifnum: number,
): usb_interface | null {
  return dev.actconfig?.interface[ifnum] ?? null
})
export const usb_altnum_to_altsetting = quiet(function usb_altnum_to_altsetting(
  intf: usb_interface,
  altnum: number,
): usb_host_interface | null {
  return intf.altsetting.find((a) => a.desc.bAlternateSetting === altnum) ?? null
})

/** The device lock, which `probe`, `disconnect` and resets are called with. May sleep. */
export const usb_lock_device = kernelCall('usb_lock_device', (dev: usb_device) =>
  lockDevice(dev.dev),
)
export const usb_unlock_device = kernelCall('usb_unlock_device', (dev: usb_device) =>
  unlockDevice(dev.dev),
)
export function usb_trylock_device(dev: usb_device): number {
  if (dev.dev.$locked) return 0
  dev.dev.$locked = true
  return 1
}
