import type { device } from '../base/device'
import type { DmaDevice } from '../dma/dma-device'
import { pfnToPage } from '../mm/page'
import { isPciP2pdma } from '../mm/pgmap'
import {
  mapTypeOf, PCI_P2PDMA_MAP_BUS_ADDR, PCI_P2PDMA_MAP_THRU_HOST_BRIDGE,
} from '../pci/p2pdma-route'
import type { p2pdma_provider } from '../pci/p2pdma'

/** How a device reaches a frame: as RAM, through the host bridge, on the bus, or not at all. */
export type PeerRoute = 'ram' | 'host' | 'none' | { busOffset: number }

/** What the route to a frame of another device is. */
export function peerRoute(dev: DmaDevice, pfn: number): PeerRoute {
  const p = pfnToPage(pfn)
  if (!isPciP2pdma(p)) return 'ram'
  const provider = (p.pgmap as { $provider?: p2pdma_provider }).$provider
  if (!provider) return 'none'
  const type = mapTypeOf(provider, dev as device)
  if (type === PCI_P2PDMA_MAP_THRU_HOST_BRIDGE) return 'host'
  return type === PCI_P2PDMA_MAP_BUS_ADDR ? { busOffset: provider.bus_offset } : 'none'
}
