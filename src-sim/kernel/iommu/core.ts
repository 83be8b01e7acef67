import { Hook } from '../../base/disposable'
import type { Machine } from '../../engine/machine'
import { hidden } from '../../engine/object'
import { service } from '../../engine/service'
import type { device } from '../base/device'
import type { PciFunction } from '../pci/config'
import { IOMMU_DOMAIN_DMA, IOMMU_DOMAIN_DMA_FQ, IOMMU_DOMAIN_IDENTITY, type iommu_domain } from './domain'
import type { iommu_group } from './group'
import type { iommu_device } from './ops'
import { acceptSetup, type IommuSetup } from './setup'

/**
 * Groups that the chips of the board have, lowest first: host bridge, display, network, two ports
 * and the old bus. Cards come after them.
 */
const BOARD_GROUPS = 6

/** All IOMMUs of a machine, and the groups behind them. Built when somebody first needs it. */
export class IommuCore {
  readonly setup: IommuSetup
  readonly units: iommu_device[] = []
  readonly groups = new Map<number, iommu_group>()
  /** What a group gets when nobody has a wish. */
  defaultType: number
  /** Devices that were there at boot are found without a word. */
  booting = true
  /** The devices of the board have been looked at. */
  scanned = false
  readonly on = {
    /** Before the driver of an IOMMU frees a domain. */
    free: new Hook<[iommu_domain]>(),
    /** A group was made, or its last reference has gone. */
    group: new Hook<[iommu_group, made: boolean]>(),
    joined: new Hook<[iommu_group, device]>(),
    left: new Hook<[iommu_group, device]>(),
  }

  constructor(machine: Machine) {
    this.setup = acceptSetup(machine)
    this.defaultType = typeOf(this.setup)
  }

  /** The lowest number that is free; `wanted` when the board has given it to somebody. */
  freeNumber(wanted: number | null): number {
    if (wanted !== null && !this.groups.has(wanted)) return wanted
    let id = this.setup.mode === 'none' ? 0 : BOARD_GROUPS
    while (this.groups.has(id)) id++
    return id
  }

  /** A card from outside, which may lie about what it is. */
  isUntrusted(dev: device): boolean {
    const pdev = hidden(dev).$parent as { $function?: PciFunction; untrusted?: number } | null
    return !!pdev?.untrusted
  }
}

/** A virtual unit makes lazy flushing useless: then it is strict for all (IOMMU-04). */
function typeOf({ mode, cachingMode }: IommuSetup): number {
  if (mode === 'passthrough') return IOMMU_DOMAIN_IDENTITY
  return mode === 'strict' || cachingMode ? IOMMU_DOMAIN_DMA : IOMMU_DOMAIN_DMA_FQ
}

export const iommuCore = service((machine) => new IommuCore(machine))
