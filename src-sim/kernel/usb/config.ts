import { machine } from '../../engine/current'
import { point, type Sim } from '../../engine/suspend'
import { usb_device_state } from '../../trace/events'
import { emit } from '../emit'
import { EINVAL, ENODEV, ENOMEM } from '../errno'
import {
  addDevice,
  deleteDevice,
  getDevice,
  initializeDevice,
  isRegistered,
  putDevice,
} from '../base/core'
import type { device } from '../base/device'
import { allocate, slab } from '../mm/slab'
import {
  endpointIn,
  usb_endpoint_descriptor,
  usb_host_endpoint,
  usb_host_interface,
  USB_ENDPOINT_NUMBER_MASK,
  USB_ENDPOINT_XFER_BULK,
  USB_ENDPOINT_XFER_INT,
  USB_ENDPOINT_XFER_ISOC,
} from './descriptors'
import type { UsbEndpointSpec, UsbInterfaceSpec } from './hardware'
import { usbBus } from './host'
import {
  INTERFACE_TYPE,
  usb_host_config,
  usb_interface,
  USB_STATE_ADDRESS,
  USB_STATE_CONFIGURED,
  type usb_device,
} from './structs'
import { addInterfaceFiles } from './sysfs'
import { flushEndpoint } from './urb-ops'

/** Configurations, interfaces and their endpoints: drivers/usb/core/message.c. */

const STATES = [
  'not attached',
  'attached',
  'powered',
  'reconnecting',
  'unauthenticated',
  'default',
  'addressed',
  'configured',
  'suspended',
] as const

export function setDeviceState(udev: usb_device, state: number): void {
  udev.state = state
  emit(usb_device_state, udev, STATES[state]!)
}

const table = (udev: usb_device, d: usb_endpoint_descriptor): (usb_host_endpoint | null)[] =>
  endpointIn(d) ? udev.ep_in : udev.ep_out

const numberOf = (d: usb_endpoint_descriptor): number =>
  d.bEndpointAddress & USB_ENDPOINT_NUMBER_MASK

function enableEndpoint(udev: usb_device, ep: usb_host_endpoint): void {
  table(udev, ep.desc)[numberOf(ep.desc)] = ep
  ep.enabled = 1
}

/** With `forget`, pipes do not find the endpoint any more. */
function* disableEndpoint(udev: usb_device, ep: usb_host_endpoint, forget: boolean): Sim {
  if (forget && ep !== udev.ep0) table(udev, ep.desc)[numberOf(ep.desc)] = null
  ep.enabled = 0
  yield* flushEndpoint(ep)
}

export function enableInterface(udev: usb_device, intf: usb_interface): void {
  for (const ep of intf.cur_altsetting.endpoint) enableEndpoint(udev, ep)
}

/** Requests under way end with -ESHUTDOWN, new ones are refused with -ENOENT. */
export function* disableInterface(udev: usb_device, intf: usb_interface, forget: boolean): Sim {
  for (const ep of intf.cur_altsetting.endpoint) yield* disableEndpoint(udev, ep, forget)
}

/**
 * `usb_disable_device`: drivers are disconnected, interfaces go, and only then the endpoints
 * (the last of them endpoint 0, unless `keepControl`).
 */
export function* disableDevice(udev: usb_device, keepControl: boolean): Sim {
  const config = udev.actconfig
  if (config) {
    for (const intf of config.interface) if (intf) intf.unregistering = 1
    for (const intf of config.interface)
      if (intf && isRegistered(intf.dev)) yield* deleteDevice(intf.dev)
    for (const [i, intf] of config.interface.entries()) {
      config.interface[i] = null
      if (intf) yield* putDevice(intf.dev)
    }
    udev.actconfig = null
    if (udev.state === USB_STATE_CONFIGURED) setDeviceState(udev, USB_STATE_ADDRESS)
  }
  for (const ep of new Set([...udev.ep_out, ...udev.ep_in]))
    if (ep && !(keepControl && ep === udev.ep0)) yield* disableEndpoint(udev, ep, true)
}

/** 1: the one configuration that models have; -1 or 0: none. 0 or -errno. */
export function* setConfiguration(udev: usb_device, value: number): Sim<number> {
  if (value > 1) return -EINVAL
  if (!udev.$model) return -ENODEV
  yield* disableDevice(udev, true)
  if (value <= 0) return 0
  const config = new usb_host_config()
  const specs = udev.$model.interfaces
  config.desc.bNumInterfaces = specs.length
  for (const [number, spec] of specs.entries()) {
    const intf = allocate(usb_interface, true)
    if (!intf) return yield* outOfMemory(config)
    describeInterface(udev, intf, spec, number)
    config.interface.push(intf)
  }
  udev.actconfig = config
  setDeviceState(udev, USB_STATE_CONFIGURED)
  for (const intf of config.interface) {
    enableInterface(udev, intf!)
    yield point(setConfiguration, intf)
    yield* addDevice(intf!.dev)
  }
  return 0
}

function* outOfMemory(config: usb_host_config): Sim<number> {
  for (const intf of config.interface) if (intf) yield* putDevice(intf.dev)
  return -ENOMEM
}

/** An interface keeps its device in memory. */
function describeInterface(
  udev: usb_device,
  intf: usb_interface,
  spec: UsbInterfaceSpec,
  number: number,
): void {
  const settings = [spec.endpoints, ...(spec.alternates ?? [])]
  intf.altsetting = settings.map((endpoints, alternate) => {
    const alt = new usb_host_interface()
    alt.desc.bInterfaceNumber = number
    alt.desc.bAlternateSetting = alternate
    alt.desc.bNumEndpoints = endpoints.length
    alt.desc.bInterfaceClass = spec.class ?? 0xff
    alt.desc.bInterfaceSubClass = spec.subclass ?? 0
    alt.desc.bInterfaceProtocol = spec.protocol ?? 0
    alt.endpoint = endpoints.map(makeEndpoint)
    return alt
  })
  intf.num_altsetting = settings.length
  intf.cur_altsetting = intf.altsetting[0]!
  const { dev } = intf
  dev.kobj.name = `${udev.$label}:1.${number}`
  dev.parent = udev.dev
  dev.bus = usbBus()
  dev.type = INTERFACE_TYPE
  const hold = { holder: intf, why: 'interface' }
  dev.release = function* usb_release_interface(): Sim {
    yield* putDevice(udev.dev, hold)
    slab(machine()).free(intf)
  } as unknown as (dev: device) => void
  getDevice(udev.dev, hold)
  initializeDevice(dev)
  addInterfaceFiles(intf)
}

const TYPES = {
  bulk: USB_ENDPOINT_XFER_BULK,
  interrupt: USB_ENDPOINT_XFER_INT,
  isochronous: USB_ENDPOINT_XFER_ISOC,
} as const

function makeEndpoint(spec: UsbEndpointSpec): usb_host_endpoint {
  const ep = new usb_host_endpoint()
  ep.desc.bEndpointAddress = spec.address
  ep.desc.bmAttributes = TYPES[spec.type]
  ep.desc.wMaxPacketSize = spec.maxPacket ?? (spec.type === 'bulk' ? 512 : 64)
  ep.desc.bInterval = spec.interval ?? (spec.type === 'bulk' ? 0 : 4)
  return ep
}

/** Another alternate setting: requests of the old one end first. 0 or -errno. */
export function* setInterface(
  udev: usb_device,
  number: number,
  alternate: number,
): Sim<number> {
  const intf = udev.actconfig?.interface[number]
  if (!intf || intf.unregistering) return intf ? -ENODEV : -EINVAL
  const alt = intf.altsetting.find((a) => a.desc.bAlternateSetting === alternate)
  if (!alt) return -EINVAL
  yield* disableInterface(udev, intf, true)
  intf.cur_altsetting = alt
  for (const ep of alt.endpoint) ep.$halted = false
  enableInterface(udev, intf)
  return 0
}
