import type { UsbRequest } from './hardware'
import type { usb_device } from './structs'

/** What every device answers by itself: chapter 9 of the specification. */

const TYPE_MASK = 0x60
const GET_STATUS = 0
const CLEAR_FEATURE = 1
const GET_DESCRIPTOR = 6
const SET_CONFIGURATION = 9
const SET_INTERFACE = 11
const DESCRIPTOR_DEVICE = 1
const DESCRIPTOR_STRING = 3
const LANGUAGE_ENGLISH = [4, 3, 0x09, 0x04]

/** Null: it is no standard request, or one that the model must answer. */
export function standardRequest(udev: usb_device, r: UsbRequest): Uint8Array | 'stall' | null {
  if (r.bRequestType & TYPE_MASK) return null
  switch (r.bRequest) {
    case GET_STATUS:
      return Uint8Array.of(1, 0)
    case CLEAR_FEATURE:
    case SET_CONFIGURATION:
    case SET_INTERFACE:
      return new Uint8Array(0)
    case GET_DESCRIPTOR:
      return descriptor(udev, r.wValue >> 8, r.wValue & 0xff)?.slice(0, r.wLength) ?? null
    default:
      return null
  }
}

function descriptor(udev: usb_device, type: number, index: number): Uint8Array | null {
  if (type === DESCRIPTOR_DEVICE) return deviceDescriptor(udev)
  if (type !== DESCRIPTOR_STRING) return null
  if (index === 0) return Uint8Array.from(LANGUAGE_ENGLISH)
  const text = [udev.manufacturer, udev.product, udev.serial][index - 1]
  if (!text) return null
  const units = [...text].flatMap((c) => [c.charCodeAt(0) & 0xff, c.charCodeAt(0) >> 8])
  return Uint8Array.of(units.length + 2, DESCRIPTOR_STRING, ...units)
}

function deviceDescriptor({ descriptor: d }: usb_device): Uint8Array {
  const word = (n: number): [number, number] => [n & 0xff, n >> 8]
  const { bDeviceClass, bDeviceSubClass, bDeviceProtocol, bMaxPacketSize0 } = d
  const head = [18, DESCRIPTOR_DEVICE, ...word(0x0200)]
  const kind = [bDeviceClass, bDeviceSubClass, bDeviceProtocol, bMaxPacketSize0]
  const ids = [...word(d.idVendor), ...word(d.idProduct), ...word(d.bcdDevice)]
  const strings = [d.iManufacturer, d.iProduct, d.iSerialNumber, d.bNumConfigurations]
  return Uint8Array.from([...head, ...kind, ...ids, ...strings])
}
