import { hidden } from '../../engine/object'
import { call, type Sim } from '../../engine/suspend'
import { ENODEV } from '../errno'
import { deviceLog } from '../base/core'
import type { device, device_driver } from '../base/device'
import {
  pmDisable,
  pmEnable,
  pmGetSync,
  pmPutNoidle,
  pmPutSync,
  pmSetStatus,
  RPM_ACTIVE,
  RPM_SUSPENDED,
} from '../base/pm-runtime'
import { disableInterface, enableInterface, setConfiguration, setInterface } from './config'
import { matchId } from './match'
import {
  DEVICE_TYPE,
  INTERFACE_TYPE,
  USB_INTERFACE_BINDING,
  USB_INTERFACE_BOUND,
  USB_INTERFACE_UNBINDING,
  USB_INTERFACE_UNBOUND,
  USB_STATE_NOTATTACHED,
  usb_device,
  usb_driver,
  type usb_device_id,
  type usb_interface,
} from './structs'

/** Binding drivers to interfaces: drivers/usb/core/driver.c. */

export const interfaceOf = (dev: device): usb_interface => hidden(dev).$parent as usb_interface
export const isInterface = (dev: device): boolean => dev.type === INTERFACE_TYPE

export const deviceOfInterface = (intf: usb_interface): usb_device =>
  hidden(intf.dev.parent!).$parent as usb_device

/** Null for the driver of whole devices. */
export function usbDriverOf(drv: device_driver | null): usb_driver | null {
  const owner = drv ? hidden(drv).$parent : null
  return owner instanceof usb_driver ? owner : null
}

function idFor(intf: usb_interface, drv: usb_driver): usb_device_id | null {
  const udev = deviceOfInterface(intf)
  return matchId(udev, intf, drv.$newIds) ?? matchId(udev, intf, drv.id_table)
}

/** Devices go to the generic driver, interfaces to those of their id. */
export function matchUsb(dev: device, drv: device_driver): number {
  const own = usbDriverOf(drv)
  if (!isInterface(dev)) return own === null && dev.type === DEVICE_TYPE ? 1 : 0
  return own !== null && idFor(interfaceOf(dev), own) !== null ? 1 : 0
}

/** `usb_probe_interface`. */
export function* probeInterface(dev: device): Sim<number> {
  const intf = interfaceOf(dev)
  const drv = usbDriverOf(dev.driver)!
  const udev = deviceOfInterface(intf)
  intf.needs_binding = 0
  if (!udev.authorized || !intf.authorized) {
    deviceLog(dev, 6, 'Device is not authorized for usage')
    return -ENODEV
  }
  const id = idFor(intf, drv)
  const { probe } = drv
  if (!id || !probe) return -ENODEV
  yield* pmGetSync(udev.dev)
  intf.condition = USB_INTERFACE_BINDING
  pmSetStatus(dev, RPM_ACTIVE)
  if (drv.supports_autosuspend) pmEnable(dev)
  if (intf.needs_altsetting0) {
    intf.needs_altsetting0 = 0
    yield* setInterface(udev, intf.cur_altsetting.desc.bInterfaceNumber, 0)
  }
  const ret = Number((yield* call(() => probe(intf, id))) ?? 0)
  if (ret === 0) intf.condition = USB_INTERFACE_BOUND
  else yield* unbound(intf, drv)
  yield* pmPutSync(udev.dev)
  return ret
}

/** Interfaces without a driver are not power managed. */
function* unbound(intf: usb_interface, drv: usb_driver): Sim {
  intf.dev.driver_data = null
  intf.needs_remote_wakeup = 0
  intf.condition = USB_INTERFACE_UNBOUND
  if (drv.supports_autosuspend) yield* pmDisable(intf.dev)
  pmSetStatus(intf.dev, RPM_SUSPENDED)
}

/**
 * `usb_unbind_interface`: requests end before the driver hears of it, unless it asked otherwise.
 */
export function* unbindInterface(dev: device): Sim {
  const intf = interfaceOf(dev)
  const drv = usbDriverOf(dev.driver)
  if (!drv) return
  const udev = deviceOfInterface(intf)
  intf.condition = USB_INTERFACE_UNBINDING
  yield* pmGetSync(udev.dev)
  if (!drv.soft_unbind || udev.state === USB_STATE_NOTATTACHED)
    yield* disableInterface(udev, intf, false)
  const { disconnect } = drv
  if (disconnect) yield* call(() => disconnect(intf))
  yield* resetInterface(udev, intf)
  yield* unbound(intf, drv)
  for (; intf.$pmUsage > 0; intf.$pmUsage--) pmPutNoidle(dev)
  yield* pmPutSync(udev.dev)
}

/** The first alternate setting, with its endpoints enabled for the next driver. */
function* resetInterface(udev: usb_device, intf: usb_interface): Sim {
  if (intf.cur_altsetting.desc.bAlternateSetting === 0) enableInterface(udev, intf)
  else if (udev.state !== USB_STATE_NOTATTACHED) {
    const number = intf.cur_altsetting.desc.bInterfaceNumber
    if ((yield* setInterface(udev, number, 0)) < 0) intf.needs_altsetting0 = 1
  } else intf.needs_altsetting0 = 1
}

/** The generic driver: a device is of use when it has a configuration. */
export function* probeDevice(dev: device): Sim<number> {
  const udev = hidden(dev).$parent as usb_device
  if (!udev.$model) return 0
  if (udev.authorized === 0) {
    deviceLog(dev, 3, 'Device is not authorized for usage')
    return 0
  }
  const error = yield* setConfiguration(udev, 1)
  if (error) deviceLog(dev, 3, `can't set config #1, error ${error}`)
  return 0
}

export function* disconnectDevice(dev: device): Sim {
  const udev = hidden(dev).$parent as usb_device
  if (udev.actconfig) yield* setConfiguration(udev, -1)
}

export function* shutdownInterface(dev: device): Sim {
  const shutdown = usbDriverOf(dev.driver)?.shutdown
  if (shutdown) yield* call(() => shutdown(interfaceOf(dev)))
}

