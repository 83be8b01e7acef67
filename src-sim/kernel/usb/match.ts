import type { usb_device, usb_device_id, usb_interface } from './structs'

/** Whether an entry of an id table fits: drivers/usb/core/driver.c. */

export const USB_DEVICE_ID_MATCH_VENDOR = 0x0001
export const USB_DEVICE_ID_MATCH_PRODUCT = 0x0002
export const USB_DEVICE_ID_MATCH_DEV_LO = 0x0004
export const USB_DEVICE_ID_MATCH_DEV_HI = 0x0008
export const USB_DEVICE_ID_MATCH_DEV_CLASS = 0x0010
export const USB_DEVICE_ID_MATCH_DEV_SUBCLASS = 0x0020
export const USB_DEVICE_ID_MATCH_DEV_PROTOCOL = 0x0040
export const USB_DEVICE_ID_MATCH_INT_CLASS = 0x0080
export const USB_DEVICE_ID_MATCH_INT_SUBCLASS = 0x0100
export const USB_DEVICE_ID_MATCH_INT_PROTOCOL = 0x0200
export const USB_DEVICE_ID_MATCH_INT_NUMBER = 0x0400

const VENDOR_SPECIFIC = 0xff
const INTERFACE_FLAGS =
  USB_DEVICE_ID_MATCH_INT_CLASS |
  USB_DEVICE_ID_MATCH_INT_SUBCLASS |
  USB_DEVICE_ID_MATCH_INT_PROTOCOL |
  USB_DEVICE_ID_MATCH_INT_NUMBER

/** Flags with the value that must be equal when they are set. */
function wanted(udev: usb_device, intf: usb_interface, id: usb_device_id): [number, boolean][] {
  const d = udev.descriptor
  const i = intf.cur_altsetting.desc
  const same = (want: number | undefined, own: number): boolean => (want ?? 0) === own
  return [
    [USB_DEVICE_ID_MATCH_VENDOR, same(id.idVendor, d.idVendor)],
    [USB_DEVICE_ID_MATCH_PRODUCT, same(id.idProduct, d.idProduct)],
    [USB_DEVICE_ID_MATCH_DEV_LO, (id.bcdDevice_lo ?? 0) <= d.bcdDevice],
    [USB_DEVICE_ID_MATCH_DEV_HI, (id.bcdDevice_hi ?? 0) >= d.bcdDevice],
    [USB_DEVICE_ID_MATCH_DEV_CLASS, same(id.bDeviceClass, d.bDeviceClass)],
    [USB_DEVICE_ID_MATCH_DEV_SUBCLASS, same(id.bDeviceSubClass, d.bDeviceSubClass)],
    [USB_DEVICE_ID_MATCH_DEV_PROTOCOL, same(id.bDeviceProtocol, d.bDeviceProtocol)],
    [USB_DEVICE_ID_MATCH_INT_CLASS, same(id.bInterfaceClass, i.bInterfaceClass)],
    [USB_DEVICE_ID_MATCH_INT_SUBCLASS, same(id.bInterfaceSubClass, i.bInterfaceSubClass)],
    [USB_DEVICE_ID_MATCH_INT_PROTOCOL, same(id.bInterfaceProtocol, i.bInterfaceProtocol)],
    [USB_DEVICE_ID_MATCH_INT_NUMBER, same(id.bInterfaceNumber, i.bInterfaceNumber)],
  ]
}

export function matchOne(udev: usb_device, intf: usb_interface, id: usb_device_id): boolean {
  const { match_flags: flags } = id
  const foreign = udev.descriptor.bDeviceClass === VENDOR_SPECIFIC
  if (foreign && !(flags & USB_DEVICE_ID_MATCH_VENDOR) && flags & INTERFACE_FLAGS) return false
  return wanted(udev, intf, id).every(([flag, fits]) => !(flags & flag) || fits)
}

const isEnd = (id: usb_device_id): boolean =>
  !id.idVendor && !id.idProduct && !id.bDeviceClass && !id.bInterfaceClass && !id.driver_info

/** The first entry that fits; a table ends at its first empty entry. */
export function matchId(
  udev: usb_device,
  intf: usb_interface,
  ids: readonly usb_device_id[] | null,
): usb_device_id | null {
  for (const id of ids ?? []) {
    if (isEnd(id)) return null
    if (matchOne(udev, intf, id)) return id
  }
  return null
}
