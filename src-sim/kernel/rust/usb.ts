import type { Position } from '../../engine/position'
import type { Sim } from '../../engine/suspend'
import { kernelCall } from '../api'
import { registerDriver, unregisterDriver } from '../base/bus'
import type { device_driver } from '../base/device'
import { usbBus } from '../usb/host'
import { usb_driver, type usb_device_id, type usb_interface } from '../usb/structs'
import { ARef, Device, type Core, type Lease, type Normal } from './device'
import { prepareDriver, probeRust, unbindRust } from './driver'
import { Owned } from './drop'
import { toResult } from './error'
import { textHere } from './glue'

/** `kernel::usb::Interface`. */
export class UsbInterface<Ctx extends Normal = Normal> extends Device<Ctx> {
  /** @internal */
  readonly $intf: usb_interface

  /** @internal */
  constructor(intf: usb_interface, lease?: Lease) {
    super(intf.dev, lease)
    this.$intf = intf
  }

  override into(): ARef<UsbInterface<Normal>> {
    return ARef.from(this) as unknown as ARef<UsbInterface<Normal>>
  }

  override as_ref(): Device<Ctx> {
    return new Device<Ctx>(this.$dev, this.$lease)
  }

  /** @internal */
  override $plain(): UsbInterface<Normal> {
    return new UsbInterface(this.$intf)
  }
}

/** `kernel::usb::DeviceId`. */
export class UsbDeviceId {
  /** @internal */
  readonly $id: usb_device_id

  /** @internal */
  constructor(id: usb_device_id) {
    this.$id = id
  }

  static from_id(vendor: number, product: number): UsbDeviceId {
    return new UsbDeviceId({ match_flags: 3, idVendor: vendor, idProduct: product })
  }
}

/**
 * `kernel::usb::Driver`, implemented by a class with these static members. The USB core forgets the
 * driver's data after `disconnect` and before it could be dropped: it is leaked each time.
 */
export interface UsbDriver<Data> {
  ID_TABLE: readonly UsbDeviceId[]
  probe(intf: UsbInterface<Core>, id: UsbDeviceId): Data
  disconnect(intf: UsbInterface<Core>, data: Data): void
}

/** What `driver::Registration` keeps: on the bus until it is dropped. */
export class UsbRegistration extends Owned {
  /** @internal */
  readonly $driver: usb_driver

  /** @internal */
  constructor(driver: usb_driver) {
    super()
    this.$driver = driver
  }

  /** Registers a driver. Throws; may sleep. */
  static new<Data>(name: string, type: UsbDriver<Data>, module: object | null): UsbRegistration {
    return registerUsb(name, type as UsbDriver<unknown>, module)
  }

  override get $rustName(): string {
    return 'driver::Registration'
  }

  /** @internal */
  override $drop(): Sim {
    return unregisterDriver(this.$driver.driver)
  }
}

export const registerUsb = kernelCall('driver::Registration::new', function* (
  name: string, type: UsbDriver<unknown>, module: object | null, text: Position = textHere(),
): Sim<UsbRegistration> {
  const drv = new usb_driver()
  const { driver } = drv
  drv.name = name
  drv.id_table = type.ID_TABLE.map((id) => id.$id)
  const of = (intf: usb_interface) => callbacks(text, type, intf)
  drv.probe = ((intf: usb_interface) => probeRust(intf.dev, of(intf))) as never
  drv.disconnect = ((intf: usb_interface) => unbindRust(intf.dev, of(intf))) as never
  driver.bus = usbBus()
  prepareDriver(driver, name, module)
  driver.$probe = type.probe as device_driver['$probe']
  driver.$remove = type.disconnect as device_driver['$remove']
  toResult(yield* registerDriver(driver))
  return new UsbRegistration(drv)
})

const callbacks = (text: Position, type: UsbDriver<unknown>, intf: usb_interface) => ({
  text,
  view: (lease: Lease) => new UsbInterface<Core>(intf, lease),
  probe: (view: UsbInterface<Core>) => type.probe(view, type.ID_TABLE[0]!),
  unbind: (view: UsbInterface<Core>, data: unknown) => type.disconnect(view, data),
})
