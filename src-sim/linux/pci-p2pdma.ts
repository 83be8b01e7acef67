import { machine } from '../engine/current'
import type { Sim } from '../engine/suspend'
import { kernelCall, quiet } from '../kernel/api'
import type { device } from '../kernel/base/device'
import type { page } from '../kernel/mm/page'
import { pciBus } from '../kernel/pci/bus'
import { initP2pdma, providerOf, type p2pdma_provider } from '../kernel/pci/p2pdma'
import { pageMapType, type pci_p2pdma_map_state } from '../kernel/pci/p2pdma-pages'
import * as pool from '../kernel/pci/p2pdma-pool'
import { distanceMany, mapTypeOf } from '../kernel/pci/p2pdma-route'
import { mightSleep } from '../kernel/sched/schedule'
import { ENODEV } from './errno'
import { kstrtobool } from './kstrtox'
import { pci_dev_get, pci_err, type pci_dev } from './pci'
import { virt_to_page } from './mm/pages'
import { pr_err } from './printk'
import { scatterlist, sg_init_table, sg_set_page } from './scatterlist'
import { sysfs_emit } from './sysfs'
import type { ptr } from './types'

/** Brought along, as by the C header. */
export * from './pci'

/** DMA from one PCI device to another: `linux/pci-p2pdma`. */
export { p2pdma_provider } from '../kernel/pci/p2pdma'
export { pci_p2pdma_map_state } from '../kernel/pci/p2pdma-pages'
export {
  PCI_P2PDMA_MAP_BUS_ADDR,
  PCI_P2PDMA_MAP_NONE,
  PCI_P2PDMA_MAP_NOT_SUPPORTED,
  PCI_P2PDMA_MAP_THRU_HOST_BRIDGE,
  PCI_P2PDMA_MAP_UNKNOWN,
} from '../kernel/pci/p2pdma-route'

/**
 * Makes a provider of each memory BAR, until the driver goes; again: nothing. 0, -EOPNOTSUPP for a
 * device whose BARs must not be mapped, -ENOMEM (P2P-01).
 */
export const pcim_p2pdma_init = kernelCall('pcim_p2pdma_init', initP2pdma)
/** The provider behind a BAR; null when the BAR is no memory. After `pcim_p2pdma_init` only. */
export function pcim_p2pdma_provider(pdev: pci_dev, bar: number): p2pdma_provider | null {
  return providerOf(pdev, bar)
}

/**
 * Makes pages of a BAR, `size` bytes from `offset` on (0: the rest), until the driver goes; its
 * going waits until all that was allocated is back. May sleep. 0 or -errno (P2P-02).
 */
export const pci_p2pdma_add_resource = kernelCall('pci_p2pdma_add_resource', pool.addP2pResource)

/** Memory of the device, rounded up to pages, for the functions that access registers; or 0. */
export const pci_alloc_p2pmem = kernelCall('pci_alloc_p2pmem', pool.allocP2pmem)
/** Pair of `pci_alloc_p2pmem`, with the same size. */
export const pci_free_p2pmem = kernelCall('pci_free_p2pmem', pool.freeP2pmem)
/** The address on the PCI bus of memory from `pci_alloc_p2pmem`; 0 for anything else. */
export function pci_p2pmem_virt_to_bus(pdev: pci_dev, addr: number): number {
  return pool.busAddressOf(pdev, addr)
}

/** Memory as a list of one entry; `*nents` is 1. Null without. Pair: `pci_p2pmem_free_sgl`. */
export const pci_p2pmem_alloc_sgl = kernelCall('pci_p2pmem_alloc_sgl', function* (
  pdev: pci_dev,
  nents: ptr<number>,
  length: number,
): Sim<scatterlist | null> {
  const sg = new scatterlist()
  sg_init_table([sg], 1)
  const addr = yield* pool.allocP2pmem(pdev, length)
  if (!addr) return null
  sg_set_page(sg, virt_to_page(addr)!, length, 0)
  nents.value = 1
  return sg
})
export const pci_p2pmem_free_sgl = kernelCall('pci_p2pmem_free_sgl', function* (
  pdev: pci_dev,
  sgl: scatterlist,
): Sim {
  const start = sgl.$phys
  const chunk = pdev.$p2pdma?.pool?.chunks.find(
    (c) => start !== null && start >= c.phys && start < c.phys + c.size,
  )
  if (chunk) yield* pool.freeP2pmem(pdev, chunk.virt + start! - chunk.phys, sgl.length)
})

/** Lets others find the memory of a device. */
export function pci_p2pmem_publish(pdev: pci_dev, publish: boolean): void {
  if (pdev.$p2pdma) pdev.$p2pdma.published = publish
}
export const pci_has_p2pmem = quiet(function pci_has_p2pmem(pdev: pci_dev): boolean {
  return pdev.$p2pdma?.published ?? false
})

/** How far clients are from a provider, added up; -1 when one cannot reach it (P2P-04). */
export function pci_p2pdma_distance_many(
  provider: pci_dev,
  clients: readonly device[],
  num_clients: number,
  verbose: boolean,
): number {
  return distanceMany(provider, clients.slice(0, num_clients), verbose)
}
/** The same for one client. */
export function pci_p2pdma_distance(provider: pci_dev, client: device, verbose: boolean): number {
  return distanceMany(provider, [client], verbose)
}

/** The nearest device with published memory that all can reach, with a reference; or null. */
export const pci_p2pmem_find_many = kernelCall('pci_p2pmem_find_many', function (
  clients: readonly device[],
  num_clients: number,
): pci_dev | null {
  mightSleep('pci_p2pmem_find_many')
  const all = [...pciBus(machine()).found.values()]
  const asked = clients.slice(0, num_clients)
  return pci_dev_get(pool.nearestProvider(all, (p) => distanceMany(p, asked, false)))
})
export const pci_p2pmem_find = kernelCall('pci_p2pmem_find', (client: device): pci_dev | null =>
  pci_p2pmem_find_many([client], 1),
)

/** How a device reaches a provider's memory: PCI_P2PDMA_MAP_*. Remembers the answer (P2P-03). */
export function pci_p2pdma_map_type(provider: p2pdma_provider, dev: device): number {
  return mapTypeOf(provider, dev)
}
/** How a device reaches a page: remembered in `state` for the pages of one provider. */
export function pci_p2pdma_state(
  state: pci_p2pdma_map_state,
  dev: device,
  page: page,
): number {
  return pageMapType(state, dev, page)
}

/** The address on the bus for one of the CPU in a provider's BAR. */
export const pci_p2pdma_bus_addr_map = quiet(function pci_p2pdma_bus_addr_map(
  provider: p2pdma_provider,
  paddr: number,
): number {
  return paddr + provider.bus_offset
})

/**
 * What a user wrote into a driver's file about peers: a device by its name, or yes or no. Anything
 * else, and a device without published memory: -ENODEV.
 */
export function pci_p2pdma_enable_store(
  page: string,
  p2p_dev: ptr<pci_dev | null>,
  use_p2pdma: ptr<boolean>,
): number {
  const word = page.split('\n')[0]!
  const named = [...pciBus(machine()).found.values()].find((p) => p.$label === word)
  if (named) {
    use_p2pdma.value = true
    p2p_dev.value = named
    if (pci_has_p2pmem(named)) {
      pci_dev_get(named)
      return 0
    }
    pci_err(named, 'PCI device has no peer-to-peer memory: %s\n', page)
    return -ENODEV
  }
  const digit = word[0] === '0' || word[0] === '1'
  if ((!digit || word.length === 1) && kstrtobool(page, use_p2pdma) === 0) return 0
  pr_err('pci-p2pdma: No such PCI device: %s\n', word)
  return -ENODEV
}

/** What the same file shows. */
export function pci_p2pdma_enable_show(
  page: Uint8Array,
  p2p_dev: pci_dev | null,
  use_p2pdma: boolean,
): number {
  return sysfs_emit(page, '%s\n', use_p2pdma ? (p2p_dev?.$label ?? '1') : '0')
}
