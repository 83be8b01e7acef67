import { machine } from '../../engine/current'
import { call, point, type Sim } from '../../engine/suspend'
import { kernelCall } from '../api'
import type { device } from '../base/device'
import { allocCoherent, freeCoherent } from '../dma/coherent'
import { DMA_BIDIRECTIONAL, DMA_FROM_DEVICE, DMA_TO_DEVICE } from '../dma/direction'
import { mappingError, mapSingle, unmapSingle } from '../dma/mapping'
import { EINVAL, ENOMEM } from '../errno'
import { memoryAccess } from '../mm/watch'
import { slab } from '../mm/slab'
import { mightAlloc } from '../locking/fs-reclaim'
import { ARef, type Bound, type Device, type Normal } from './device'
import { Devres, devresNew } from './devres'
import { dropNow, Owned } from './drop'
import { KernelError } from './error'

/** `dma::DataDirection`. */
export const DataDirection = {
  Bidirectional: DMA_BIDIRECTIONAL, ToDevice: DMA_TO_DEVICE, FromDevice: DMA_FROM_DEVICE,
} as const

/**
 * `kernel::dma::Coherent` (`CoherentAllocation` before): memory that CPU and device share. A bound
 * device is needed to make it and not to keep it: nothing stops it from outliving the binding, and
 * nothing but the driver stops the device from using it after its drop.
 */
export class Coherent extends Owned {
  /** @internal */
  readonly $dev: ARef<Device<Normal>>
  /** @internal */
  readonly $cpu: Uint8Array
  /** @internal */
  readonly $dma: number

  /** @internal */
  constructor(dev: ARef<Device<Normal>>, cpu: Uint8Array, dma: number) {
    super()
    this.$dev = dev
    this.$cpu = cpu
    this.$dma = dma
  }

  /** `count` zeroed bytes. Throws EINVAL for none, ENOMEM. May sleep with GFP_KERNEL. */
  static zeroed_slice(dev: Device<Bound>, count: number, flags: number): Coherent {
    return allocate(dev, count, flags)
  }

  /** The earlier name of `zeroed_slice`. */
  static alloc_coherent(dev: Device<Bound>, count: number, flags: number): Coherent {
    return allocate(dev, count, flags)
  }

  override get $rustName(): string {
    return 'Coherent<[u8]>'
  }

  /** What the device is told: a plain number, which protects nothing. */
  dma_handle(): number {
    this.$live()
    return this.$dma
  }

  /** How many bytes. */
  size(): number {
    return this.$cpu.length
  }

  /** The bytes themselves. Unsafe: the device may be writing, and they may be freed. */
  as_slice(): Uint8Array {
    this.$live()
    return this.$cpu
  }

  /** `dma_read!`: one byte. Throws EINVAL outside. */
  read(index: number): number {
    inside(this, index, false)
    return this.$cpu[index]!
  }

  /** `dma_write!`: one byte. Throws EINVAL outside. */
  write(index: number, value: number): void {
    inside(this, index, true)
    this.$cpu[index] = value
  }

  /** @internal */
  override *$drop(): Sim {
    const dev: device = this.$dev.value.$dev
    const { length } = this.$cpu
    yield* call(() => freeCoherent(dev, length, this.$cpu, this.$dma) as unknown)
    yield* dropNow(this.$dev)
  }
}

/** Not a private method: a moved value is made anew, and would not have it. */
function inside(memory: Coherent, index: number, write: boolean): void {
  memory.$live()
  if (index < 0 || index >= memory.$cpu.length) throw new KernelError(EINVAL)
  memoryAccess(machine()).access(memory.$cpu, index, write)
}

const allocate = kernelCall('Coherent::zeroed_slice', function* (
  dev: Device<Bound>, count: number, flags: number,
): Sim<Coherent> {
  yield point(allocate, dev)
  dev.$proves('Bound', 'Coherent::zeroed_slice')
  if (count === 0) throw new KernelError(EINVAL)
  mightAlloc('dma_alloc_coherent', flags)
  const mapping = allocCoherent(dev.$dev, count)
  if (!mapping) throw new KernelError(ENOMEM)
  return new Coherent(ARef.from(dev), mapping.cpu, mapping.dma)
})

/** The mapping of an `SGTable`: what devres takes away. */
export class DmaMappedSgt extends Owned {
  /** @internal */
  readonly $dev: device
  /** @internal */
  readonly $dma: number
  /** @internal */
  readonly $length: number
  /** @internal */
  readonly $direction: number

  /** @internal */
  constructor(dev: device, dma: number, length: number, direction: number) {
    super()
    this.$dev = dev
    this.$dma = dma
    this.$length = length
    this.$direction = direction
  }

  dma_address(): number {
    return this.$dma
  }

  dma_len(): number {
    return this.$length
  }

  /** @internal */
  override $drop(): void {
    unmapSingle(this.$dev, this.$dma, this.$length, this.$direction)
  }
}

/**
 * `kernel::scatterlist::SGTable<Owned<P>>`: pages of one's own with a mapping that is a `Devres`.
 * Unbinding ends the mapping wherever the table is; the pages live on with the table.
 */
export class SGTable extends Owned {
  /** @internal */
  readonly $mapping: Devres<DmaMappedSgt>
  /** @internal */
  readonly $pages: Uint8Array

  /** @internal */
  constructor(mapping: Devres<DmaMappedSgt>, pages: Uint8Array) {
    super()
    this.$mapping = mapping
    this.$pages = pages
  }

  /** `length` bytes of pages, mapped for a device. Throws ENOMEM. May sleep. */
  static new(dev: Device<Bound>, length: number, direction: number): SGTable {
    return newTable(dev, length, direction)
  }

  override get $rustName(): string {
    return 'SGTable<Owned>'
  }

  /** The mapping, while the device is bound. */
  mapping(): Devres<DmaMappedSgt> {
    this.$live()
    return this.$mapping
  }

  /** The pages as the CPU sees them. */
  pages(): Uint8Array {
    this.$live()
    return this.$pages
  }

  /** @internal */
  override *$drop(): Sim {
    yield* dropNow(this.$mapping)
    slab(machine()).free(this.$pages)
  }
}

/** GFP_KERNEL. */
const MAY_SLEEP = 0xcc0

const newTable = kernelCall('SGTable::new', function* (
  dev: Device<Bound>, length: number, direction: number,
): Sim<SGTable> {
  yield point(newTable, dev)
  dev.$proves('Bound', 'SGTable::new')
  mightAlloc('sg_alloc_table_from_pages_segment', MAY_SLEEP)
  const pages = slab(machine()).allocBytes(length, true)
  if (!pages) throw new KernelError(ENOMEM)
  const dma = mapSingle(dev.$dev, pages, length, direction)
  if (mappingError(dev.$dev, dma)) {
    slab(machine()).free(pages)
    throw new KernelError(ENOMEM)
  }
  const mapped = new DmaMappedSgt(dev.$dev, dma, length, direction)
  return new SGTable(yield* devresNew(dev, mapped), pages)
})
