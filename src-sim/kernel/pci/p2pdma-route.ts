import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import { deviceLog } from '../base/core'
import type { device } from '../base/device'
import { kernelLog } from '../printk/log'
import { redirects } from './acs'
import { pciBus, pciDev } from './bus'
import type { p2pdma_provider } from './p2pdma'
import type { pci_dev } from './pci-dev'

/** The way from one device to another (P2P-03, P2P-04). */

/** How a client reaches memory of a provider: values of `enum pci_p2pdma_map_type`. */
export const PCI_P2PDMA_MAP_UNKNOWN = 0
/** It is no peer memory at all. */
export const PCI_P2PDMA_MAP_NONE = 1
export const PCI_P2PDMA_MAP_NOT_SUPPORTED = 2
/** A switch leads there without the root: by the address on the bus. */
export const PCI_P2PDMA_MAP_BUS_ADDR = 3
/** Through the host bridge, as if it were RAM. */
export const PCI_P2PDMA_MAP_THRU_HOST_BRIDGE = 4
export type MapType = number

/** Host bridges that are known to forward; `same`: only what came from below themselves. */
const KNOWN_BRIDGES: readonly { vendor: number; device: number; same: boolean }[] = [
  { vendor: 0x8086, device: 0x3c00, same: true },
  { vendor: 0x8086, device: 0x3c01, same: true },
  { vendor: 0x8086, device: 0x2f00, same: true },
  { vendor: 0x8086, device: 0x2f01, same: true },
  { vendor: 0x8086, device: 0x2030, same: false },
  { vendor: 0x8086, device: 0x2031, same: false },
  { vendor: 0x8086, device: 0x2032, same: false },
  { vendor: 0x8086, device: 0x2033, same: false },
  { vendor: 0x8086, device: 0x2020, same: false },
  { vendor: 0x8086, device: 0x09a2, same: false },
]
const AMD = 0x1022

/** The host bridge of the machine: it has one, at 00:00.0, without a driver. */
export const hostBridge = service(() => ({ vendor: 0x8086, device: 0x29c0 }))

/** All processors of AMD that the machine could have forward; of others only some bridges do. */
export function rootForwards(): boolean {
  const { vendor, device } = hostBridge(machine())
  return vendor === AMD || KNOWN_BRIDGES.some((b) => b.vendor === vendor && b.device === device)
}

const hex4 = (n: number): string => n.toString(16).padStart(4, '0')

interface Way {
  distance: number
  /** They meet below the root. */
  common: boolean
  /** Functions on the way that send everything up to the root. */
  redirecting: pci_dev[]
}

const above = (p: pci_dev): pci_dev | null => p.bus?.self ?? null

/** Both upwards until they meet; with the bridge where they do. */
function wayBetween(from: pci_dev, to: pci_dev): Way {
  const redirecting: pci_dev[] = []
  let stepsTo = 0
  let stepsFrom = 0
  for (let a: pci_dev | null = from; a !== null; a = above(a), stepsFrom++) {
    if (redirects(a)) redirecting.push(a)
    stepsTo = 0
    for (let b: pci_dev | null = to; b !== null; b = above(b), stepsTo++) {
      if (a !== b) continue
      for (let c: pci_dev = to; c !== a; c = above(c)!) if (redirects(c)) redirecting.push(c)
      return { distance: stepsFrom + stepsTo, common: true, redirecting }
    }
  }
  return { distance: stepsFrom + stepsTo, common: false, redirecting: [] }
}

/** Answers are remembered by place, whatever sits there later. */
const placeOf = (p: pci_dev): number => ((p.bus?.number ?? 0) << 8) | p.devfn

function explain(client: pci_dev, text: string): void {
  deviceLog(client.dev, 4, text)
}

/** Works out the way anew and remembers it with the provider, if it is one. */
export function mapTypeAndDistance(
  provider: pci_dev,
  client: pci_dev,
  verbose: boolean,
): { type: MapType; distance: number } {
  const way = wayBetween(provider, client)
  const type = judge(provider, client, way, verbose)
  provider.$p2pdma?.mapTypes.set(placeOf(client), type)
  return { type, distance: way.distance }
}

function judge(provider: pci_dev, client: pci_dev, way: Way, verbose: boolean): MapType {
  const { common, redirecting } = way
  if (common && redirecting.length === 0) return PCI_P2PDMA_MAP_BUS_ADDR
  const name = provider.$label
  if (common && verbose) {
    const all = redirecting.map((p) => p.$label).join(';')
    explain(client, `ACS redirect is set between the client and provider (${name})`)
    explain(
      client,
      `to disable ACS redirect for this path, add the kernel parameter: pci=disable_acs_redir=${all}`,
    )
  }
  if (rootForwards()) return PCI_P2PDMA_MAP_THRU_HOST_BRIDGE
  if (common) complainAboutBridge()
  if (verbose)
    explain(
      client,
      `cannot be used for peer-to-peer DMA as the client and provider (${name}) do not share an upstream bridge or whitelisted host bridge`,
    )
  return PCI_P2PDMA_MAP_NOT_SUPPORTED
}

function complainAboutBridge(): void {
  const m = machine()
  const { vendor, device } = hostBridge(m)
  const text = `Host bridge not in P2PDMA whitelist: ${hex4(vendor)}:${hex4(device)}`
  kernelLog(m).print(4, `pci 0000:00:00.0: ${text}\n`)
}

/** The PCI device that a device is, or stands behind; null for others. */
function nearestPci(dev: device): pci_dev | null {
  const { bus } = pciBus(machine())
  for (let d: device | null = dev; d !== null; d = d.parent) if (d.bus === bus) return pciDev(d)
  return null
}

/** P2P-04: the sum over all clients; -1 when one of them cannot, or there is none. */
export function distanceMany(
  provider: pci_dev,
  clients: readonly device[],
  verbose: boolean,
): number {
  if (clients.length === 0) return -1
  let total = 0
  let supported = true
  for (const dev of clients) {
    const client = nearestPci(dev)
    if (client === null) {
      if (verbose)
        deviceLog(dev, 4, 'cannot be used for peer-to-peer DMA as it is not a PCI device')
      return -1
    }
    const { type, distance } = mapTypeAndDistance(provider, client, verbose)
    if (type === PCI_P2PDMA_MAP_NOT_SUPPORTED) supported = false
    if (!supported && !verbose) return -1
    total += distance
  }
  return supported ? total : -1
}

/** P2P-03: what is remembered, or worked out now; only PCI devices themselves can be clients. */
export function mapTypeOf(provider: p2pdma_provider, dev: device): MapType {
  const { bus } = pciBus(machine())
  const owner = pciDev(provider.owner)
  if (!owner.$p2pdma || dev.bus !== bus) return PCI_P2PDMA_MAP_NOT_SUPPORTED
  const client = pciDev(dev)
  return owner.$p2pdma.mapTypes.get(placeOf(client)) ?? mapTypeAndDistance(owner, client, true).type
}
