import type { Sim } from '../../engine/suspend'
import { EINVAL } from '../errno'
import { lockDevice, unlockDevice } from '../base/core'
import type { attribute_group } from '../base/attributes'
import type { device, device_attribute } from '../base/device'
import { hidden } from '../../engine/object'
import { setConfiguration } from './config'
import { removeDevice } from './hub'
import { USB_STATE_NOTATTACHED, usb_device, type usb_interface } from './structs'

/** What is shown of devices and interfaces: drivers/usb/core/sysfs.c. */

const owner = <T>(dev: device): T => hidden(dev).$parent as T

const put = (buf: Uint8Array, text: string): number => {
  for (let i = 0; i < text.length; i++) buf[i] = text.charCodeAt(i)
  return text.length
}

const shown = <T>(name: string, text: (of: T) => string): device_attribute => ({
  attr: { name, mode: 0o444 },
  show: (dev, _attr, buf) => put(buf, `${text(owner<T>(dev))}\n`),
})

const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0')

const written = (
  name: string,
  mode: number,
  store: (udev: usb_device, text: string) => Sim<number>,
  show?: (udev: usb_device) => string,
): device_attribute => ({
  ...(show ? shown<usb_device>(name, show) : {}),
  attr: { name, mode },
  store: ((dev: device, _attr: unknown, text: string) =>
    store(owner<usb_device>(dev), text)) as unknown as device_attribute['store'],
})

/** With the device lock held, as all changes of a device are made. */
function* locked(udev: usb_device, body: () => Sim<number>): Sim<number> {
  yield* lockDevice(udev.dev)
  const ret = yield* body()
  unlockDevice(udev.dev)
  return ret
}

const DEVICE_FILES: attribute_group = {
  $lazy: true,
  attrs: [
    shown<usb_device>('idVendor', (u) => hex(u.descriptor.idVendor, 4)),
    shown<usb_device>('idProduct', (u) => hex(u.descriptor.idProduct, 4)),
    shown<usb_device>('bcdDevice', (u) => hex(u.descriptor.bcdDevice, 4)),
    shown<usb_device>('devnum', (u) => `${u.devnum}`),
    shown<usb_device>('devpath', (u) => u.devpath),
    shown<usb_device>('product', (u) => u.product ?? ''),
    shown<usb_device>('manufacturer', (u) => u.manufacturer ?? ''),
    shown<usb_device>('serial', (u) => u.serial ?? ''),
    written(
      'bConfigurationValue',
      0o644,
      function* (udev, text) {
        const value = Number(text.trim())
        if (!Number.isInteger(value)) return -EINVAL
        return (yield* locked(udev, () => setConfiguration(udev, value))) || text.length
      },
      (u) => (u.actconfig ? '1' : ''),
    ),
    written(
      'authorized',
      0o644,
      function* (udev, text) {
        const value = text.trim()
        if (value !== '0' && value !== '1') return -EINVAL
        return (yield* locked(udev, () => authorize(udev, Number(value)))) || text.length
      },
      (u) => `${u.authorized}`,
    ),
    Object.assign(
      written('remove', 0o200, function* (udev, text) {
        if (udev.state !== USB_STATE_NOTATTACHED) {
          yield* locked(udev, () => setConfiguration(udev, -1))
          yield* removeDevice(udev)
        }
        return text.length
      }),
      { $selfRemoving: true },
    ),
  ],
}

function* authorize(udev: usb_device, authorized: number): Sim<number> {
  if (udev.authorized === authorized) return 0
  udev.authorized = authorized
  return yield* setConfiguration(udev, authorized ? 1 : -1)
}

const INTERFACE_FILES: attribute_group = {
  $lazy: true,
  attrs: [
    shown<usb_interface>('bInterfaceNumber', (i) =>
      hex(i.cur_altsetting.desc.bInterfaceNumber, 2),
    ),
    shown<usb_interface>('bAlternateSetting', (i) =>
      String(i.cur_altsetting.desc.bAlternateSetting).padStart(2),
    ),
    shown<usb_interface>('bNumEndpoints', (i) => hex(i.cur_altsetting.desc.bNumEndpoints, 2)),
    shown<usb_interface>('bInterfaceClass', (i) => hex(i.cur_altsetting.desc.bInterfaceClass, 2)),
  ],
}

export function addDeviceFiles(udev: usb_device): void {
  udev.dev.groups = [DEVICE_FILES]
}

export function addInterfaceFiles(intf: usb_interface): void {
  intf.dev.groups = [INTERFACE_FILES]
}
