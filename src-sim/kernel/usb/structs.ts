import { KernelObject } from '../../engine/object'
import type { attribute_group } from '../base/attributes'
import { bus_type, device, device_driver } from '../base/device'
import type { dev_pm_ops } from '../base/pm-runtime'
import {
  usb_config_descriptor,
  usb_device_descriptor,
  usb_host_endpoint,
  type usb_host_interface,
} from './descriptors'
import type { UsbHardware } from './hardware'
import type { UsbPort } from './host'

export const USB_STATE_NOTATTACHED = 0
export const USB_STATE_ATTACHED = 1
export const USB_STATE_POWERED = 2
export const USB_STATE_RECONNECTING = 3
export const USB_STATE_UNAUTHENTICATED = 4
export const USB_STATE_DEFAULT = 5
export const USB_STATE_ADDRESS = 6
export const USB_STATE_CONFIGURED = 7
export const USB_STATE_SUSPENDED = 8

export const USB_SPEED_UNKNOWN = 0
export const USB_SPEED_LOW = 1
export const USB_SPEED_FULL = 2
export const USB_SPEED_HIGH = 3
export const USB_SPEED_WIRELESS = 4
export const USB_SPEED_SUPER = 5
export const USB_SPEED_SUPER_PLUS = 6

export const USB_INTERFACE_UNBOUND = 0
export const USB_INTERFACE_BINDING = 1
export const USB_INTERFACE_BOUND = 2
export const USB_INTERFACE_UNBINDING = 3

/** What kind of device an entry of an id table fits; zero and undefined do not count. */
export interface usb_device_id {
  match_flags: number
  idVendor?: number
  idProduct?: number
  bcdDevice_lo?: number
  bcdDevice_hi?: number
  bDeviceClass?: number
  bDeviceSubClass?: number
  bDeviceProtocol?: number
  bInterfaceClass?: number
  bInterfaceSubClass?: number
  bInterfaceProtocol?: number
  bInterfaceNumber?: number
  driver_info?: any
}

/** One host controller's tree of devices. */
export class usb_bus extends KernelObject {
  busnum = 1
  bus_name = 'xhci_hcd'
  root_hub: usb_device | null = null
  /** The controller's own device. */
  controller: device | null = null
}

/** The configuration that is set: its interfaces. */
export class usb_host_config extends KernelObject {
  desc = new usb_config_descriptor()
  interface: (usb_interface | null)[] = []
}

/** A whole device, as the hub sees it. Drivers bind to its interfaces. */
export class usb_device extends KernelObject {
  devnum = 0
  devpath = ''
  /** One of USB_STATE_*. */
  state = USB_STATE_NOTATTACHED
  speed = USB_SPEED_UNKNOWN
  parent: usb_device | null = null
  bus: usb_bus | null = null
  ep0 = new usb_host_endpoint()
  dev = new device()
  descriptor = new usb_device_descriptor()
  /** Null while it is not configured. */
  actconfig: usb_host_config | null = null
  /** By number; endpoint 0 is `ep0` in both. */
  ep_in: (usb_host_endpoint | null)[] = Array.from({ length: 16 }, () => null)
  ep_out: (usb_host_endpoint | null)[] = Array.from({ length: 16 }, () => null)
  portnum = 0
  product: string | null = null
  manufacturer: string | null = null
  serial: string | null = null
  authorized = 1
  can_submit = 1
  reset_in_progress = 0
  /** How many requests are under way. */
  urbnum = 0
  /** @internal The hardware it was made for. */
  $model: UsbHardware | null = null
  /** @internal Where that sits. */
  $port: UsbPort | null = null

  constructor() {
    super()
    for (const field of ['dev', 'ep0'] as const) {
      this[field].$parent = this
      this[field].$field = field
    }
    this.ep_in[0] = this.ep_out[0] = this.ep0
  }

  get $label(): string {
    return this.dev.kobj.name ?? ''
  }
}

/** A function of a device: what drivers bind to. */
export class usb_interface extends KernelObject {
  altsetting: usb_host_interface[] = []
  cur_altsetting!: usb_host_interface
  num_altsetting = 1
  /** Of the class device that `usb_register_dev` made; -1: none. */
  minor = -1
  /** One of USB_INTERFACE_*. */
  condition = USB_INTERFACE_UNBOUND
  unregistering = 0
  needs_altsetting0 = 0
  needs_remote_wakeup = 0
  needs_binding = 0
  authorized = 1
  dev = new device()
  /** The class device. */
  usb_dev: device | null = null
  /** @internal How often a driver has asked for power. */
  $pmUsage = 0
  /** @internal A reset was asked for. */
  $resetQueued = false

  constructor() {
    super()
    this.dev.$parent = this
    this.dev.$field = 'dev'
  }

  get $label(): string {
    return this.dev.kobj.name ?? ''
  }
}

/**
 * A driver for interfaces. `probe` answers 0 or -errno; after `disconnect` has returned nothing may
 * use the interface any more, and open files may outlive it.
 */
export class usb_driver extends KernelObject {
  name = ''
  id_table: readonly usb_device_id[] | null = null
  probe: ((intf: usb_interface, id: usb_device_id) => number) | null = null
  disconnect: ((intf: usb_interface) => void) | null = null
  suspend: ((intf: usb_interface, message: pm_message_t) => number) | null = null
  resume: ((intf: usb_interface) => number) | null = null
  reset_resume: ((intf: usb_interface) => number) | null = null
  pre_reset: ((intf: usb_interface) => number) | null = null
  post_reset: ((intf: usb_interface) => number) | null = null
  shutdown: ((intf: usb_interface) => void) | null = null
  dev_groups: readonly attribute_group[] | null = null
  no_dynamic_id = 0
  supports_autosuspend = 0
  disable_hub_initiated_lpm = 0
  /** Requests may still run when `disconnect` is called because of an unbinding. */
  soft_unbind = 0
  driver = new device_driver()
  /** @internal Ids added through sysfs. */
  readonly $newIds: usb_device_id[] = []

  constructor() {
    super()
    this.driver.$parent = this
    this.driver.$field = 'driver'
  }
}

/** Why a device is suspended. */
export interface pm_message_t {
  event: number
}
export const PM_EVENT_AUTO_SUSPEND = 0x402

export class UsbBusType extends bus_type {
  override name = 'usb'
  override need_parent_lock = true
}

/** Types of the two kinds of device on the bus. */
export const DEVICE_TYPE: { name: string; pm: dev_pm_ops | null } = { name: 'usb_device', pm: null }
export const INTERFACE_TYPE = { name: 'usb_interface' }
