import { machine } from '../../engine/current'
import type { Position } from '../../engine/position'
import { call, point, type Sim } from '../../engine/suspend'
import { kernelCall } from '../api'
import { registerDriver, unregisterDriver } from '../base/bus'
import type { device_driver } from '../base/device'
import { EBUSY, EINVAL, EIO, ENOMEM } from '../errno'
import { pciBus } from '../pci/bus'
import * as f from '../pci/functions'
import * as msi from '../pci/msi'
import { pci_driver, type pci_dev, type pci_device_id } from '../pci/pci-dev'
import { resourceSize } from '../platform/resource'
import { mightSleep } from '../sched/schedule'
import {
  ARef, Device, type Bound, type Core, type Lease, type Normal,
} from './device'
import { devresRegister, newDevres, type Devres } from './devres'
import { prepareDriver, probeRust, unbindRust } from './driver'
import { Owned } from './drop'
import { KernelError, toResult } from './error'
import { textHere } from './glue'
import { IrqRequest, registerCall, type Handler, type Registration } from './irq'
import { Mmio } from './mmio'

/** `kernel::pci::Device`. What needs `Core` changes the device; what needs `Bound` uses it. */
export class PciDevice<Ctx extends Normal = Normal> extends Device<Ctx> {
  /** @internal */
  readonly $pdev: pci_dev

  /** @internal */
  constructor(pdev: pci_dev, lease?: Lease) {
    super(pdev.dev, lease)
    this.$pdev = pdev
  }

  override into(): ARef<PciDevice<Normal>> {
    return ARef.from(this) as unknown as ARef<PciDevice<Normal>>
  }

  override as_ref(): Device<Ctx> {
    return new Device<Ctx>(this.$dev, this.$lease)
  }

  vendor_id(): number {
    return this.$pdev.vendor
  }
  device_id(): number {
    return this.$pdev.device
  }
  revision_id(): number {
    return this.$pdev.revision
  }
  pci_class(): number {
    return this.$pdev.class
  }

  /** Size of a BAR. Throws EINVAL when the device can have no such BAR. */
  resource_len(this: PciDevice<Bound>, bar: number): number {
    const r = this.$pdev.resource[barIndex(bar)]
    return r && r.flags ? resourceSize(r) : 0
  }
  /** Address of a BAR on the bus. */
  resource_start(this: PciDevice<Bound>, bar: number): number {
    return this.$pdev.resource[barIndex(bar)]?.start ?? 0
  }

  /** Switches memory decoding on. There is nothing that undoes it. Throws; may sleep. */
  enable_device_mem(this: PciDevice<Core>): void {
    this.$proves('Core', 'enable_device_mem')
    mightSleep('pci_enable_device_mem')
    return enable(this.$pdev)
  }

  /** Lets the device reach memory. There is nothing that undoes it. */
  set_master(this: PciDevice<Core>): void {
    this.$proves('Core', 'set_master')
    f.setMaster(this.$pdev, true)
  }

  /** Says which addresses the device can reach. Unsafe: no DMA may be going on. Throws EIO. */
  dma_set_mask_and_coherent(this: PciDevice<Core>, mask: number): void {
    this.$proves('Core', 'dma_set_mask_and_coherent')
    if (mask < 0xffffff) throw new KernelError(EIO)
    this.$dev.dma_mask = mask
    this.$dev.coherent_dma_mask = mask
  }

  /** Maps a BAR: EINVAL, ENOMEM or EBUSY are thrown. May sleep. */
  iomap_region(this: PciDevice<Bound>, bar: number, name: string): Bar {
    return new Bar(this, bar, name, 0)
  }

  /** The same for a BAR of at least `size` bytes, which offsets are then checked against. */
  iomap_region_sized(this: PciDevice<Bound>, bar: number, name: string, size: number): Bar {
    return new Bar(this, bar, name, size)
  }

  /** Between `min` and `max` vectors, which devres frees. Throws; may sleep. */
  alloc_irq_vectors(this: PciDevice<Bound>, min: number, max: number, types: number): IrqVector[] {
    return allocVectors(this, min, max, types)
  }

  /** Registers a handler for a vector. Throws; may sleep. */
  request_irq<T extends Handler>(
    this: PciDevice<Bound>, vector: IrqVector, flags: number, name: string, handler: T,
  ): Registration<T> {
    return registerCall(vector.into(), flags, name, handler, false) as Registration<T>
  }

  config_space(this: PciDevice<Bound>): ConfigSpace {
    this.$proves('Bound', 'config_space')
    return new ConfigSpace(this.$pdev)
  }

  /** @internal */
  override $plain(): PciDevice<Normal> {
    return new PciDevice(this.$pdev)
  }
}

const enable = kernelCall('Device::enable_device_mem', function* (pdev: pci_dev): Sim {
  yield point(enable, pdev)
  toResult(yield* call(() => f.enableDevice(pdev) as number))
})

function barIndex(bar: number): number {
  if (bar < 0 || bar > 5) throw new KernelError(EINVAL)
  return bar
}

/** `kernel::pci::ConfigSpace`: errors of the bus are not told, all ones are read instead. */
export class ConfigSpace {
  readonly #pdev: pci_dev

  /** @internal */
  constructor(pdev: pci_dev) {
    this.#pdev = pdev
  }

  read8(offset: number): number {
    return this.#read(offset, 1)
  }
  read16(offset: number): number {
    return this.#read(offset, 2)
  }
  read32(offset: number): number {
    return this.#read(offset, 4)
  }
  write8(value: number, offset: number): void {
    f.writeConfig(this.#pdev, offset, 1, value)
  }
  write16(value: number, offset: number): void {
    f.writeConfig(this.#pdev, offset, 2, value)
  }
  write32(value: number, offset: number): void {
    f.writeConfig(this.#pdev, offset, 4, value)
  }

  #read(offset: number, size: number): number {
    const out = { value: 0 }
    f.readConfig(this.#pdev, offset, size, out)
    return out.value
  }
}

/**
 * `kernel::pci::Bar`: mapped registers, borrowed from a bound device. `into_devres()` makes the kind
 * that can be kept elsewhere.
 */
export class Bar extends Mmio {
  /** @internal */
  readonly $pdev: pci_dev
  /** @internal */
  readonly $bar: number

  /** @internal Claims and maps it. */
  constructor(dev: PciDevice<Bound>, bar: number, name: string, size: number) {
    dev.$proves('Bound', 'iomap_region')
    const pdev = dev.$pdev
    const r = pdev.resource[barIndex(bar)]
    const length = r && r.flags ? resourceSize(r) : 0
    if (length === 0 || length < size) throw new KernelError(ENOMEM)
    if (f.requestBar(pdev, bar, name)) throw new KernelError(EBUSY)
    mightSleep('pci_iomap')
    const address = f.iomap(pdev, bar, 0)
    if (!address) {
      f.releaseBar(pdev, bar)
      throw new KernelError(ENOMEM)
    }
    super(address, length, size, dev)
    this.$pdev = pdev
    this.$bar = bar
  }

  override get $rustName(): string {
    return 'Bar'
  }

  /** Gives the mapping to the device. Throws ENOMEM; the mapping is gone then. */
  into_devres(): Devres<Bar> {
    const dev = this.$bound!
    const bar = this.$move()
    bar.$bound = null
    return newDevres(dev, bar) as Devres<Bar>
  }

  /** @internal */
  override $release(): void {
    f.releaseBar(this.$pdev, this.$bar)
  }
}

/** `kernel::pci::IrqVector`: one interrupt vector of a bound device. */
export class IrqVector {
  /** @internal */
  readonly $dev: PciDevice<Bound>
  /** @internal */
  readonly $index: number

  /** @internal */
  constructor(dev: PciDevice<Bound>, index: number) {
    this.$dev = dev
    this.$index = index
  }

  /** What `Registration.new` wants. Throws EINVAL. */
  into(): IrqRequest {
    const irq = toResult(msi.vectorIrq(this.$dev.$pdev, this.$index))
    return new IrqRequest(this.$dev, irq)
  }
}

/** What devres holds: the allocation of the vectors. */
class IrqVectorRegistration extends Owned {
  readonly $pdev: pci_dev

  constructor(pdev: pci_dev) {
    super()
    this.$pdev = pdev
  }

  override $drop(): void {
    msi.freeVectors(this.$pdev)
  }
}

const allocVectors = kernelCall('Device::alloc_irq_vectors', function* (
  dev: PciDevice<Bound>, min: number, max: number, types: number,
): Sim<IrqVector[]> {
  yield point(allocVectors, dev)
  dev.$proves('Bound', 'alloc_irq_vectors')
  const count = toResult(msi.allocVectors(dev.$pdev, min, max, types))
  yield* devresRegister(dev, new IrqVectorRegistration(dev.$pdev))
  return Array.from({ length: count }, (_, i) => new IrqVector(dev, i))
})

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
