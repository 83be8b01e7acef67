import { machine } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { MS, US } from '../../base/units'
import type { Sim } from '../../engine/suspend'
import { hotplug } from '../../trace/events'
import { emit } from '../emit'
import { ENODEV } from '../errno'
import {
  addDevice,
  deleteDevice,
  deviceLog,
  initializeDevice,
  lockDevice,
  putDevice,
  unlockDevice,
} from '../base/core'
import { pmBarrier, pmEnable, pmGetNoresume, pmSetStatus, RPM_ACTIVE } from '../base/pm-runtime'
import { allocate, slab } from '../mm/slab'
import { scheduleTimeoutNs } from '../sched/schedule'
import { disableDevice, setDeviceState } from './config'
import { USB_ENDPOINT_XFER_CONTROL } from './descriptors'
import type { UsbHardware, UsbPortHost, UsbSpeed } from './hardware'
import { usbHost, type UsbHost, type UsbPort } from './host'
import {
  DEVICE_TYPE,
  USB_SPEED_FULL,
  USB_SPEED_HIGH,
  USB_SPEED_LOW,
  USB_SPEED_SUPER,
  USB_STATE_ADDRESS,
  USB_STATE_NOTATTACHED,
  usb_device,
} from './structs'
import { addDeviceFiles } from './sysfs'
import { serveEndpoint } from './transfer'

/** The root hub's ports: what is plugged in is found, what leaves is taken down. */

const DEBOUNCE_NS = 100 * MS
const RESET_NS = 60 * MS
/** The controller notices at once; the hub hears of it by its own interrupt endpoint. */
const NOTICE_NS = 200 * US

const SPEEDS: Record<UsbSpeed, [number, string]> = {
  low: [USB_SPEED_LOW, 'low-speed'],
  full: [USB_SPEED_FULL, 'full-speed'],
  high: [USB_SPEED_HIGH, 'high-speed'],
  super: [USB_SPEED_SUPER, 'SuperSpeed'],
}

/** Makes a place for a device: `1-1` is port 1 of the root hub. */
export function addPort(m: Machine, name: string, hardware: () => UsbHardware): void {
  const [, number] = /^1-(\d+)$/.exec(name) ?? []
  if (number === undefined || Number(number) < 1)
    throw new Error(`'${name}' is no USB port: write for example '1-1'.`)
  const port = { name, number: Number(number), hardware, present: null, found: null }
  usbHost(m).ports.set(name, port)
}

/** Puts a device into a port and waits until the hub has dealt with it. 0 or -errno. */
export function* plugUsb(m: Machine, name: string): Sim<number> {
  const host = usbHost(m)
  const port = host.ports.get(name)
  if (!port) return -ENODEV
  port.present ??= port.hardware()
  yield* host.onHub(() => connect(host, port))
  return 0
}

/** Pulls a device out: it is gone before anybody hears of it. 0 or -errno. */
export function* unplugUsb(m: Machine, name: string): Sim<number> {
  const host = usbHost(m)
  const port = host.ports.get(name)
  if (!port?.present) return -ENODEV
  const model = port.present
  port.present = null
  model.reset()
  const udev = port.found
  if (!udev) return 0
  emit(hotplug, udev, 'surprise')
  for (const ep of new Set([...udev.ep_in, ...udev.ep_out])) if (ep) serveEndpoint(host, ep)
  yield* scheduleTimeoutNs(NOTICE_NS, 'the hub to notice', 'uninterruptible')
  yield* host.onHub(() => disconnect(port))
  return 0
}

/** `hub_port_connect`: debounced, reset, described, offered to drivers. */
function* connect(host: UsbHost, port: UsbPort): Sim {
  if (port.found) return
  yield* scheduleTimeoutNs(DEBOUNCE_NS, 'a stable connection', 'uninterruptible')
  const model = port.present
  if (!model) return
  const udev = allocate(usb_device, true)
  if (!udev) return
  describe(host, udev, port, model)
  const speed = SPEEDS[model.speed][1]
  deviceLog(udev.dev, 6, `new ${speed} USB device number ${udev.devnum} using xhci_hcd`)
  yield* scheduleTimeoutNs(RESET_NS, 'a port reset', 'uninterruptible')
  port.found = udev
  emit(hotplug, udev, 'add')
  announce(udev)
  yield* addDevice(udev.dev)
}

function describe(host: UsbHost, udev: usb_device, port: UsbPort, model: UsbHardware): void {
  const { dev, descriptor } = udev
  udev.$model = model
  udev.$port = port
  udev.devnum = host.nextNumber()
  udev.devpath = String(port.number)
  udev.portnum = port.number
  udev.bus = host.hcd
  udev.parent = host.hcd.root_hub
  udev.speed = SPEEDS[model.speed][0]
  udev.ep0.desc.bmAttributes = USB_ENDPOINT_XFER_CONTROL
  udev.ep0.desc.wMaxPacketSize = descriptor.bMaxPacketSize0
  udev.ep0.enabled = 1
  descriptor.idVendor = model.idVendor
  descriptor.idProduct = model.idProduct
  descriptor.bcdDevice = model.bcdDevice
  descriptor.bDeviceClass = model.bDeviceClass
  udev.manufacturer = model.manufacturer || null
  udev.product = model.product || null
  udev.serial = model.serial || null
  descriptor.iManufacturer = model.manufacturer ? 1 : 0
  descriptor.iProduct = model.product ? 2 : 0
  descriptor.iSerialNumber = model.serial ? 3 : 0
  dev.kobj.name = port.name
  dev.parent = host.hcd.root_hub!.dev
  dev.bus = host.bus
  dev.type = DEVICE_TYPE
  dev.release = () => slab(machine()).free(udev)
  initializeDevice(dev)
  addDeviceFiles(udev)
  pmSetStatus(dev, RPM_ACTIVE)
  pmEnable(dev)
  dev.power.runtime_auto = false
  pmGetNoresume(dev)
  setDeviceState(udev, USB_STATE_ADDRESS)
  model.attach(hostOf(host, udev, model))
}

function hostOf(host: UsbHost, udev: usb_device, model: UsbHardware): UsbPortHost {
  return {
    object: udev,
    get gone() {
      return udev.$port?.present !== model
    },
    ready(address) {
      const ep = (address & 0x80 ? udev.ep_in : udev.ep_out)[address & 0xf]
      if (ep) serveEndpoint(host, ep)
    },
  }
}

/** What is printed of every new device. */
function announce(udev: usb_device): void {
  const { descriptor: d, dev } = udev
  const hex4 = (n: number): string => n.toString(16).padStart(4, '0')
  const release = `${(d.bcdDevice >> 8).toString(16).padStart(2)}.${(d.bcdDevice & 0xff)
    .toString(16)
    .padStart(2, '0')}`
  const ids = `idVendor=${hex4(d.idVendor)}, idProduct=${hex4(d.idProduct)}`
  deviceLog(dev, 6, `New USB device found, ${ids}, bcdDevice=${release}`)
  const strings = `Mfr=${d.iManufacturer}, Product=${d.iProduct}, SerialNumber=${d.iSerialNumber}`
  deviceLog(dev, 6, `New USB device strings: ${strings}`)
  if (udev.product) deviceLog(dev, 6, `Product: ${udev.product}`)
  if (udev.manufacturer) deviceLog(dev, 6, `Manufacturer: ${udev.manufacturer}`)
  if (udev.serial) deviceLog(dev, 6, `SerialNumber: ${udev.serial}`)
}

/** `usb_disconnect`: nothing new is accepted, drivers go, then the device itself. */
function* disconnect(port: UsbPort): Sim {
  const udev = port.found
  if (!udev) return
  const { dev } = udev
  setDeviceState(udev, USB_STATE_NOTATTACHED)
  deviceLog(dev, 6, `USB disconnect, device number ${udev.devnum}`)
  yield* pmBarrier(dev)
  yield* lockDevice(dev)
  yield* disableDevice(udev, false)
  unlockDevice(dev)
  yield* deleteDevice(dev)
  port.found = null
  yield* putDevice(dev)
}

/** The `remove` file: as if it had been pulled out, but it still answers until then. */
export function* removeDevice(udev: usb_device): Sim {
  const port = udev.$port
  if (!port) return
  yield* usbHost(machine()).onHub(() => disconnect(port))
}
