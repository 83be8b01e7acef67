import type { Machine } from '../../engine/machine'
import { hidden } from '../../engine/object'
import type { Sim } from '../../engine/suspend'
import { registerBus, registerDriver } from '../base/bus'
import { device_driver, type device } from '../base/device'
import {
  deviceOfInterface,
  disconnectDevice,
  interfaceOf,
  isInterface,
  matchUsb,
  probeDevice,
  probeInterface,
  shutdownInterface,
  unbindInterface,
} from './driver'
import { devicePm } from './pm'
import { DEVICE_TYPE, type usb_device, type UsbBusType } from './structs'

/** Ties the bus to what it does, and gives it the driver of whole devices. */
export function setUpBus(m: Machine, bus: UsbBusType): void {
  bus.match = matchUsb
  bus.uevent = describeToUser
  bus.probe = plain((dev) => (isInterface(dev) ? probeInterface(dev) : probeDevice(dev)))
  bus.remove = plain((dev) => (isInterface(dev) ? unbindInterface(dev) : disconnectDevice(dev)))
  bus.shutdown = plain((dev) => shutdownInterface(dev))
  DEVICE_TYPE.pm = devicePm
  m.runtime.atomic(registerBus(bus))
  m.runtime.atomic(registerDriver(new device_driver({ name: 'usb', bus })))
}

/** The driver core calls what may suspend; the types say what C has. */
const plain = <T>(f: (dev: device) => Sim<T>): ((dev: device) => never) =>
  f as unknown as (dev: device) => never

const hex = (n: number, digits: number): string =>
  n.toString(16).toUpperCase().padStart(digits, '0')

function describeToUser(dev: device, env: string[]): number {
  const own = isInterface(dev) ? interfaceOf(dev) : null
  const udev = own ? deviceOfInterface(own) : (hidden(dev).$parent as usb_device)
  const d = udev.descriptor
  const part = (n: number): string => n.toString(16)
  env.push(`PRODUCT=${part(d.idVendor)}/${part(d.idProduct)}/${part(d.bcdDevice)}`)
  env.push(`TYPE=${d.bDeviceClass}/${d.bDeviceSubClass}/${d.bDeviceProtocol}`)
  if (!own) {
    const three = (n: number): string => String(n).padStart(3, '0')
    env.push(`BUSNUM=${three(udev.bus?.busnum ?? 1)}`, `DEVNUM=${three(udev.devnum)}`)
    return 0
  }
  const i = own.cur_altsetting.desc
  const { bInterfaceClass, bInterfaceSubClass, bInterfaceProtocol, bInterfaceNumber } = i
  env.push(`INTERFACE=${bInterfaceClass}/${bInterfaceSubClass}/${bInterfaceProtocol}`)
  const device = `v${hex(d.idVendor, 4)}p${hex(d.idProduct, 4)}d${hex(d.bcdDevice, 4)}`
  const cls = `dc${hex(d.bDeviceClass, 2)}dsc${hex(d.bDeviceSubClass, 2)}`
  const inner = `ic${hex(bInterfaceClass, 2)}isc${hex(bInterfaceSubClass, 2)}`
  const protocols = [hex(d.bDeviceProtocol, 2), hex(bInterfaceProtocol, 2)] as const
  const number = hex(bInterfaceNumber, 2)
  env.push(`MODALIAS=usb:${device}${cls}dp${protocols[0]}${inner}ip${protocols[1]}in${number}`)
  return 0
}
