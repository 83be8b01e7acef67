import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import type { device } from '../base/device'
import type { DmaDevice } from '../dma/dma-device'
import { peerMemory, type PeerMap } from '../dma/p2p-hook'
import type { scatterlist } from '../dma/sg'
import { isErr, ptrErr } from '../err'
import { page, pageMap } from '../mm/page'
import { dev_pagemap, isPciP2pdma, mapPagemap, MEMORY_DEVICE } from '../mm/pgmap'
import { mmioSpace } from './mmio'
import type { p2pdma_provider } from './p2pdma'
import {
  mapTypeOf, PCI_P2PDMA_MAP_BUS_ADDR, PCI_P2PDMA_MAP_THRU_HOST_BRIDGE,
} from './p2pdma-route'

/** Descriptors for the pages of a BAR (P2P-02), and how others reach them (P2P-05). */

/** The pages of one stretch, and the provider that they belong to. */
export class P2pPagemap extends dev_pagemap {
  readonly mem: p2pdma_provider

  constructor(mem: p2pdma_provider, start: number, size: number) {
    super()
    this.mem = mem
    this.type = MEMORY_DEVICE.PCI_P2PDMA
    this.range = { start, end: start + size - 1 }
  }
}

/** How an entry of a scatter list is to be mapped for a device. */
function mapOf(dev: DmaDevice, sg: scatterlist): PeerMap {
  const base = sg.$base
  if (!(base instanceof page) || !isPciP2pdma(base)) return 'ram'
  const { mem } = base.pgmap as P2pPagemap
  const type = mapTypeOf(mem, dev as unknown as device)
  if (type === PCI_P2PDMA_MAP_THRU_HOST_BRIDGE) return 'host'
  return type === PCI_P2PDMA_MAP_BUS_ADDR ? sg.$phys! + mem.bus_offset : null
}

/** Makes descriptors; from now on mapping looks at what kind of page it has. 0 or -errno. */
export function makeP2pPages(pgmap: P2pPagemap): number {
  peerMemory(machine()).mapOf = mapOf
  const made = mapPagemap(pgmap)
  return isErr(made) ? ptrErr(made) : 0
}

/** The page behind an address that the CPU has registers mapped at; null when it has none. */
export function pageOfDeviceAddress(address: number): page | null {
  const m = machine()
  const mapping = mmioSpace(m).find(address)
  if (!mapping) return null
  const p = pageMap(m).known(Math.floor((mapping.phys + address - mapping.base) / PAGE_SIZE))
  return p?.pgmap ? p : null
}

/** What a walk over the pages of lists keeps: `struct pci_p2pdma_map_state`. */
export class pci_p2pdma_map_state extends KernelObject {
  mem: p2pdma_provider | null = null
  map = 0
}

/** How a device reaches a page, remembered for the pages of the same provider. */
export function pageMapType(state: pci_p2pdma_map_state, dev: device, p: page): number {
  if (!isPciP2pdma(p)) return 1
  const { mem } = p.pgmap as P2pPagemap
  if (state.mem !== mem) {
    state.mem = mem
    state.map = mapTypeOf(mem, dev)
  }
  return state.map
}
