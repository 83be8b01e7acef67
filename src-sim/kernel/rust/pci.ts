import { call, point, type Sim } from '../../engine/suspend'
import { kernelCall } from '../api'
import { EIO } from '../errno'
import * as f from '../pci/functions'
import * as msi from '../pci/msi'
import type { pci_dev } from '../pci/pci-dev'
import { resourceSize } from '../platform/resource'
import { mightSleep } from '../sched/schedule'
import { ARef, Device, type Bound, type Core, type Lease, type Normal } from './device'
import { devresRegister } from './devres'
import { Owned } from './drop'
import { KernelError, toResult } from './error'
import {
  IrqRequest, registerCall, type Handler, type Registration, type ThreadedHandler,
} from './irq'
import { Bar, barIndex, ConfigSpace } from './pci-io'

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

  /** Registers a handler with a part that runs in a thread. Throws; may sleep. */
  request_threaded_irq<T extends ThreadedHandler>(
    this: PciDevice<Bound>, vector: IrqVector, flags: number, name: string, handler: T,
  ): Registration<T> {
    return registerCall(vector.into(), flags, name, handler, true) as Registration<T>
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
