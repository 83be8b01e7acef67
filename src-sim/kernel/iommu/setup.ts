import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import type { IommuUnit } from './unit'

/** What the boot parameters say about DMA domains. */
export type IommuMode = 'none' | 'lazy' | 'strict' | 'passthrough'

/** How the IOMMU of a machine is to be. */
export interface IommuSetup {
  mode: IommuMode
  /** The hardware behind all PCI slots; null: there is none. */
  makeUnit: (() => IommuUnit) | null
  /** The hardware remembers what was not there: it is told of new mappings. */
  cachingMode: boolean
  /** `iommu.forcedac=1`: 64-bit devices do not try addresses below 4 GiB first. */
  forcedac: boolean
  /** `iommu.debug_pagealloc=1` (IOMMU-30). */
  debugPagealloc: boolean
}

class Setups {
  setup: IommuSetup = {
    mode: 'none',
    makeUnit: null,
    cachingMode: false,
    forcedac: false,
    debugPagealloc: false,
  }
}

const setups = service(() => new Setups())

/** Before anything else: what the machine has. */
export function describeIommu(machine: Machine, setup: Partial<IommuSetup>): void {
  setups(machine).setup = { ...setups(machine).setup, ...setup }
}

export const acceptSetup = (machine: Machine): IommuSetup => setups(machine).setup
