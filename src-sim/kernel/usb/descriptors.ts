import { KernelObject } from '../../engine/object'
import type { Urb } from './urb'

/** What a USB device says about itself, with the field names of the specification. */

export const USB_DIR_OUT = 0
export const USB_DIR_IN = 0x80
export const USB_ENDPOINT_NUMBER_MASK = 0x0f
export const USB_ENDPOINT_XFERTYPE_MASK = 0x03
export const USB_ENDPOINT_XFER_CONTROL = 0
export const USB_ENDPOINT_XFER_ISOC = 1
export const USB_ENDPOINT_XFER_BULK = 2
export const USB_ENDPOINT_XFER_INT = 3

export class usb_device_descriptor extends KernelObject {
  bDeviceClass = 0
  bDeviceSubClass = 0
  bDeviceProtocol = 0
  bMaxPacketSize0 = 64
  idVendor = 0
  idProduct = 0
  bcdDevice = 0
  iManufacturer = 0
  iProduct = 0
  iSerialNumber = 0
  bNumConfigurations = 1
}

export class usb_config_descriptor extends KernelObject {
  bNumInterfaces = 0
  bConfigurationValue = 1
}

export class usb_interface_descriptor extends KernelObject {
  bInterfaceNumber = 0
  bAlternateSetting = 0
  bNumEndpoints = 0
  bInterfaceClass = 0
  bInterfaceSubClass = 0
  bInterfaceProtocol = 0
}

export class usb_endpoint_descriptor extends KernelObject {
  bEndpointAddress = 0
  /** One of USB_ENDPOINT_XFER_*. */
  bmAttributes = 0
  wMaxPacketSize = 0
  bInterval = 0
}

/** One end of a pipe: a queue of requests. */
export class usb_host_endpoint extends KernelObject {
  desc = new usb_endpoint_descriptor()
  /** Requests are accepted. */
  enabled = 0
  /** @internal Requests that were submitted and not yet given back to the core, oldest first. */
  readonly $urbs: Urb[] = []
  /** @internal The hardware works on the oldest request. */
  $event: object | null = null
  /** @internal The device has refused: nothing moves until the halt is cleared. */
  $halted = false

  constructor() {
    super()
    this.desc.$parent = this
    this.desc.$field = 'desc'
  }

  get $label(): string {
    return `ep_${this.desc.bEndpointAddress.toString(16).padStart(2, '0')}`
  }
}

/** One alternate setting of an interface. */
export class usb_host_interface extends KernelObject {
  desc = new usb_interface_descriptor()
  endpoint: usb_host_endpoint[] = []
}

/** A control request as it is sent: 8 bytes on the wire. */
export class usb_ctrlrequest extends KernelObject {
  bRequestType = 0
  bRequest = 0
  wValue = 0
  wIndex = 0
  wLength = 0
}

export const endpointIn = (d: usb_endpoint_descriptor): boolean =>
  (d.bEndpointAddress & USB_DIR_IN) !== 0

export const transferType = (d: usb_endpoint_descriptor): number =>
  d.bmAttributes & USB_ENDPOINT_XFERTYPE_MASK

export const maxPacket = (d: usb_endpoint_descriptor): number => d.wMaxPacketSize & 0x7ff
