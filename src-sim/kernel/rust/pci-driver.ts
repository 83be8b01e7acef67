import { machine } from '../../engine/current'
import type { Position } from '../../engine/position'
import type { Sim } from '../../engine/suspend'
import { kernelCall } from '../api'
import { registerDriver, unregisterDriver } from '../base/bus'
import type { device_driver } from '../base/device'
import { pciBus } from '../pci/bus'
import { pci_driver, type pci_dev, type pci_device_id } from '../pci/pci-dev'
import type { Core, Lease } from './device'
import { prepareDriver, probeRust, unbindRust } from './driver'
import { Owned } from './drop'
import { toResult } from './error'
import { textHere } from './glue'
import { PciDevice } from './pci'

/** `kernel::pci::DeviceId`. */
export class DeviceId implements pci_device_id {
  readonly vendor: number
  readonly device: number

  /** @internal */
  constructor(vendor: number, device: number) {
    this.vendor = vendor
    this.device = device
  }

  static from_id(vendor: number, device: number): DeviceId {
    return new DeviceId(vendor, device)
  }
}

/** `kernel::pci::Driver`, implemented by a class with these static members. */
export interface PciDriver<Data, Info = any> {
  ID_TABLE: readonly (DeviceId | readonly [DeviceId, Info])[]
  /** The answer becomes the driver's data; an error that is thrown, the answer of probe. */
  probe(pdev: PciDevice<Core>, info: Info): Data
  /** The last chance to reach the hardware: all that is managed is still there. */
  unbind?(pdev: PciDevice<Core>, data: Data): void
}

/** What `driver::Registration` keeps: on the bus until it is dropped. */
export class PciRegistration extends Owned {
  /** @internal */
  readonly $driver: pci_driver

  /** @internal */
  constructor(driver: pci_driver) {
    super()
    this.$driver = driver
  }

  /** Registers a driver. Throws; may sleep. */
  static new<Data>(name: string, type: PciDriver<Data>, module: object | null): PciRegistration {
    return registerPci(name, type as PciDriver<unknown>, module)
  }

  override get $rustName(): string {
    return 'driver::Registration'
  }

  /** @internal */
  override $drop(): Sim {
    return unregisterDriver(this.$driver.driver)
  }
}

export const registerPci = kernelCall('driver::Registration::new', function* (
  name: string, type: PciDriver<unknown>, module: object | null, text: Position = textHere(),
): Sim<PciRegistration> {
  const drv = new pci_driver()
  const { driver } = drv
  drv.name = name
  drv.id_table = type.ID_TABLE.map((entry) =>
    entry instanceof DeviceId ? { ...entry } : { ...entry[0], driver_data: entry[1] })
  drv.probe = ((pdev: pci_dev, id: pci_device_id) => probe(text, type, pdev, id)) as never
  drv.remove = ((pdev: pci_dev) => remove(text, type, pdev)) as never
  driver.bus = pciBus(machine()).bus
  prepareDriver(driver, name, module)
  driver.$probe = type.probe as device_driver['$probe']
  driver.$remove = (type.unbind ?? null) as device_driver['$remove']
  toResult(yield* registerDriver(driver))
  return new PciRegistration(drv)
})

const probe = (
  text: Position, type: PciDriver<unknown>, pdev: pci_dev, id: pci_device_id,
): Sim<number> =>
  probeRust(pdev.dev, callbacks(text, type, pdev, id.driver_data ?? null))

const remove = (text: Position, type: PciDriver<unknown>, pdev: pci_dev): Sim =>
  unbindRust(pdev.dev, callbacks(text, type, pdev, null))

const callbacks = (
  text: Position, type: PciDriver<unknown>, pdev: pci_dev, info: unknown,
) => ({
  text,
  view: (lease: Lease) => new PciDevice<Core>(pdev, lease),
  probe: (view: PciDevice<Core>) => type.probe(view, info),
  unbind: (view: PciDevice<Core>, data: unknown) => type.unbind?.(view, data),
})
