import { point, type Sim } from '../../engine/suspend'
import { costs, kernelCall } from '../api'
import { EINVAL } from '../errno'
import { iounmap } from '../pci/functions'
import { mmioRead, mmioWrite } from '../pci/mmio'
import { ruleBroken } from './broken-rule'
import type { Bound, Device } from './device'
import { Owned } from './drop'
import { KernelError } from './error'

/** Names of the accesses in choices, with what a round trip over the bus costs. */
const READ = costs(800, function mmio_read(): void {})
const WRITE = costs(200, function mmio_write(): void {})

type Width = 1 | 2 | 4 | 8

const masked = (value: number, width: Width): number =>
  width === 1 ? value & 0xff : width === 2 ? value & 0xffff : width === 4 ? value >>> 0 : value

/**
 * Registers as `kernel::io` sees them. Offsets are checked twice: `read32` against the size that
 * the type promises, which Rust does while compiling, `try_read32` against what was mapped.
 */
export abstract class Mmio extends Owned {
  /** @internal */
  readonly $address: number
  /** @internal What is mapped. */
  readonly $length: number
  /** @internal What the type promises. */
  readonly $size: number
  /** @internal The proof that it is borrowed with; null for the `'static` kind. */
  $bound: Device<Bound> | null

  /** @internal */
  constructor(address: number, length: number, size: number, bound: Device<Bound>) {
    super()
    this.$address = address
    this.$length = length
    this.$size = size
    this.$bound = bound
  }

  /** @internal Gives back what the mapping was made of. */
  abstract $release(): void

  /** The address itself. What is done with it is nobody's guarantee. */
  addr(): number {
    return this.$address
  }

  /** The number of bytes that are mapped. */
  maxsize(): number {
    return this.$length
  }

  read8(offset: number): number {
    return this.$read('read8', offset, 1, false)
  }
  read16(offset: number): number {
    return this.$read('read16', offset, 2, false)
  }
  /** Reads a register. All ones, and no error, when the device is gone. */
  read32(offset: number): number {
    return this.$read('read32', offset, 4, false)
  }
  read64(offset: number): number {
    return this.$read('read64', offset, 8, false)
  }
  write8(value: number, offset: number): void {
    this.$write('write8', value, offset, 1, false)
  }
  write16(value: number, offset: number): void {
    this.$write('write16', value, offset, 2, false)
  }
  /** Writes a register: value first, offset second. */
  write32(value: number, offset: number): void {
    return this.$write('write32', value, offset, 4, false)
  }
  write64(value: number, offset: number): void {
    return this.$write('write64', value, offset, 8, false)
  }
  /** As `read8`; throws EINVAL when the offset is not inside the mapping. */
  try_read8(offset: number): number {
    return this.$read('try_read8', offset, 1, true)
  }
  try_read16(offset: number): number {
    return this.$read('try_read16', offset, 2, true)
  }
  try_read32(offset: number): number {
    return this.$read('try_read32', offset, 4, true)
  }
  try_write8(value: number, offset: number): void {
    return this.$write('try_write8', value, offset, 1, true)
  }
  try_write16(value: number, offset: number): void {
    return this.$write('try_write16', value, offset, 2, true)
  }
  try_write32(value: number, offset: number): void {
    return this.$write('try_write32', value, offset, 4, true)
  }

  /** @internal */
  $read(name: string, offset: number, width: Width, checked: boolean): number {
    return ioRead(this, name, offset, width, checked)
  }

  /** @internal */
  $write(name: string, value: number, offset: number, width: Width, checked: boolean): void {
    return ioWrite(this, name, value, offset, width, checked)
  }

  /** @internal */
  override $drop(): void {
    iounmap(this.$address)
    this.$release()
  }
}

const inside = (offset: number, width: number, size: number): boolean =>
  offset >= 0 && offset + width <= size && offset % width === 0

/** Whether the access happens at all. */
function allowed(
  io: Mmio, name: string, offset: number, width: Width, checked: boolean,
): boolean {
  if (io.$ownership === 'moved') io.$live()
  io.$bound?.$proves('Bound', `${io.$rustName}::${name}`)
  if (checked) {
    if (!inside(offset, width, io.$length)) throw new KernelError(EINVAL)
    return true
  }
  if (inside(offset, width, io.$size)) return true
  const size = `0x${io.$size.toString(16)}`
  const text = `rust: \`${name}(0x${offset.toString(16)})\` is outside of the ${size} bytes that ` +
    `${io.$rustName} promises: use try_${name}`
  ruleBroken('bounds', text, ['R-09'], [io])
  return false
}

const ioRead = kernelCall('Io::read', function* (
  io: Mmio, name: string, offset: number, width: Width, checked: boolean,
): Sim<number> {
  yield point(READ, io)
  if (!allowed(io, name, offset, width, checked)) return masked(-1, width)
  return mmioRead(io.$address + offset, width)
})

const ioWrite = kernelCall('Io::write', function* (
  io: Mmio, name: string, value: number, offset: number, width: Width, checked: boolean,
): Sim {
  yield point(WRITE, io)
  if (allowed(io, name, offset, width, checked))
    mmioWrite(io.$address + offset, width, masked(value, width))
})
