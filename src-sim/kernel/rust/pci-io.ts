import { EBUSY, EINVAL, ENOMEM } from '../errno'
import * as f from '../pci/functions'
import type { pci_dev } from '../pci/pci-dev'
import { resourceSize } from '../platform/resource'
import { mightSleep } from '../sched/schedule'
import type { Bound } from './device'
import { newDevres, type Devres } from './devres'
import { KernelError } from './error'
import { Mmio } from './mmio'
import type { PciDevice } from './pci'

/** A BAR that a device could have. Throws EINVAL for others. */
export function barIndex(bar: number): number {
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
 * `kernel::pci::Bar`: mapped registers, borrowed from a bound device. `into_devres()` makes the
 * kind that can be kept elsewhere.
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
