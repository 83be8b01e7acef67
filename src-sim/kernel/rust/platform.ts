import { machine } from '../../engine/current'
import type { Position } from '../../engine/position'
import type { Sim } from '../../engine/suspend'
import { kernelCall } from '../api'
import { unregisterDriver } from '../base/bus'
import type { device_driver } from '../base/device'
import { modules } from '../base/module'
import { EBUSY, EINVAL, ENOMEM, ENXIO } from '../errno'
import { ioremap } from '../platform/ioremap'
import {
  driverOf, getResource, registerPlatformDriver, type platform_device,
} from '../platform/platform'
import {
  IORESOURCE_IRQ, IORESOURCE_MEM, regions, resourceSize, type resource,
} from '../platform/resource'
import { mightSleep } from '../sched/schedule'
import { ARef, Device, type Bound, type Core, type Lease, type Normal } from './device'
import { newDevres, type Devres } from './devres'
import { postUnbind, probeRust, unbindRust } from './driver'
import { Owned } from './drop'
import { KernelError, toResult } from './error'
import { textHere } from './glue'
import { IrqRequest } from './irq'
import { Mmio } from './mmio'

/** `kernel::platform::Device`. */
export class PlatformDevice<Ctx extends Normal = Normal> extends Device<Ctx> {
  /** @internal */
  readonly $pdev: platform_device

  /** @internal */
  constructor(pdev: platform_device, lease?: Lease) {
    super(pdev.dev, lease)
    this.$pdev = pdev
  }

  override into(): ARef<PlatformDevice<Normal>> {
    return ARef.from(this) as unknown as ARef<PlatformDevice<Normal>>
  }

  override as_ref(): Device<Ctx> {
    return new Device<Ctx>(this.$dev, this.$lease)
  }

  /** The registers with this number; null when there are none. */
  io_request_by_index(this: PlatformDevice<Bound>, index: number): IoRequest | null {
    this.$proves('Bound', 'io_request_by_index')
    const r = getResource(this.$pdev, IORESOURCE_MEM, index)
    return r ? new IoRequest(this, r) : null
  }

  /** The interrupt line with this number. Throws ENXIO when there is none. */
  irq_by_index(this: PlatformDevice<Bound>, index: number): IrqRequest {
    this.$proves('Bound', 'irq_by_index')
    const r = getResource(this.$pdev, IORESOURCE_IRQ, index)
    if (!r) throw new KernelError(ENXIO)
    return new IrqRequest(this, r.start)
  }

  /** @internal */
  override $plain(): PlatformDevice<Normal> {
    return new PlatformDevice(this.$pdev)
  }
}

/** `kernel::io::mem::IoRequest`: registers of a bound device that can be mapped. */
export class IoRequest {
  /** @internal */
  readonly $dev: Device<Bound>
  /** @internal */
  readonly $resource: resource

  /** @internal */
  constructor(dev: Device<Bound>, r: resource) {
    this.$dev = dev
    this.$resource = r
  }

  /** Claims and maps them: EBUSY, ENOMEM. May sleep. */
  iomap(): IoMem {
    return new IoMem(this.$dev, this.$resource, 0)
  }

  /** The same for at least `size` bytes, which offsets are checked against: EINVAL when smaller. */
  iomap_sized(size: number): IoMem {
    return new IoMem(this.$dev, this.$resource, size)
  }
}

/** `kernel::io::mem::IoMem`: mapped registers, borrowed from a bound device. */
export class IoMem extends Mmio {
  /** @internal */
  readonly $start: number

  /** @internal */
  constructor(dev: Device<Bound>, r: resource, size: number) {
    dev.$proves('Bound', 'IoRequest::iomap')
    const length = resourceSize(r)
    if (length < size) throw new KernelError(EINVAL)
    if (!regions(machine()).request(r.start, length, dev.name(), dev.$dev))
      throw new KernelError(EBUSY)
    mightSleep('ioremap')
    const address = ioremap(r.start, length, dev.$dev)
    if (!address) {
      regions(machine()).release(r.start, length)
      throw new KernelError(ENOMEM)
    }
    super(address, length, size, dev)
    this.$start = r.start
  }

  override get $rustName(): string {
    return 'IoMem'
  }

  /** Gives the mapping to the device. Throws ENOMEM; the mapping is gone then. */
  into_devres(): Devres<IoMem> {
    const dev = this.$bound!
    const io = this.$move()
    io.$bound = null
    return newDevres(dev, io) as Devres<IoMem>
  }

  /** @internal */
  override $release(): void {
    regions(machine()).release(this.$start, this.$length)
  }
}

/** `kernel::platform::Driver`, implemented by a class with these static members. */
export interface PlatformDriver<Data> {
  /** Names of devices; without it the driver's own name counts. */
  ID_TABLE?: readonly string[]
  probe(pdev: PlatformDevice<Core>): Data
  unbind?(pdev: PlatformDevice<Core>, data: Data): void
}

/** What `driver::Registration` keeps: on the bus until it is dropped. */
export class PlatformRegistration extends Owned {
  /** @internal */
  readonly $driver: device_driver

  /** @internal */
  constructor(driver: device_driver) {
    super()
    this.$driver = driver
  }

  /** Registers a driver. Throws; may sleep. */
  static new<Data>(
    name: string, type: PlatformDriver<Data>, module: object | null,
  ): PlatformRegistration {
    return registerPlatform(name, type as PlatformDriver<unknown>, module)
  }

  override get $rustName(): string {
    return 'driver::Registration'
  }

  /** @internal */
  override $drop(): Sim {
    return unregisterDriver(this.$driver)
  }
}

export const registerPlatform = kernelCall('driver::Registration::new', function* (
  name: string, type: PlatformDriver<unknown>, module: object | null, text: Position = textHere(),
): Sim<PlatformRegistration> {
  const init = {
    probe: ((pdev: platform_device) => probeRust(pdev.dev, callbacks(text, type, pdev))) as never,
    remove: ((pdev: platform_device) => unbindRust(pdev.dev, callbacks(text, type, pdev))) as never,
    driver: { name },
    ...(type.ID_TABLE ? { id_table: type.ID_TABLE.map((id) => ({ name: id })) } : {}),
  }
  const { driver } = driverOf(init)
  driver.$postUnbind = postUnbind
  const ret = yield* registerPlatformDriver(init, module ?? modules(machine()).current)
  driver.$probe = type.probe as device_driver['$probe']
  driver.$remove = (type.unbind ?? null) as device_driver['$remove']
  toResult(ret)
  return new PlatformRegistration(driver)
})

const callbacks = (text: Position, type: PlatformDriver<unknown>, pdev: platform_device) => ({
  text,
  view: (lease: Lease) => new PlatformDevice<Core>(pdev, lease),
  probe: (view: PlatformDevice<Core>) => type.probe(view),
  unbind: (view: PlatformDevice<Core>, data: unknown) => type.unbind?.(view, data),
})
