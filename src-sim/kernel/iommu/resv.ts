import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import type { device } from '../base/device'
import { __IOMMU_DOMAIN_DMA_API, IOMMU_DOMAIN_IDENTITY, type iommu_domain } from './domain'
import type { iommu_group } from './group'
import { iovaToPhys, mapRange } from './map'
import { lowestBit } from './page-sizes'
import {
  IOMMU_RESV_DIRECT,
  IOMMU_RESV_DIRECT_RELAXABLE,
  IOMMU_RESV_MSI,
  IOMMU_RESV_SW_MSI,
  iommu_resv_region,
  opsOf,
} from './ops'

/** Addresses that a device must not be given, or must keep (IOMMU-10). */

/** What the driver of its IOMMU says about a device. */
export function* reservedRegions(dev: device): Sim<iommu_resv_region[]> {
  const list: iommu_resv_region[] = []
  const get = opsOf(dev)?.get_resv_regions
  if (get) yield* call(() => get(dev, list))
  return list
}

const last = (region: iommu_resv_region): number => region.start + region.length - 1

/** Sorted by address and type; those of one type that overlap become one. */
function insert(list: iommu_resv_region[], fresh: iommu_resv_region): void {
  const at = list.findIndex(
    (r) => fresh.start < r.start || (fresh.start === r.start && fresh.type <= r.type),
  )
  list.splice(at < 0 ? list.length : at, 0, new iommu_resv_region(fresh))
  for (let i = 0; i < list.length; i++) {
    const mine = list[i]!
    const j = list.findIndex((r, k) => k > i && r.type === mine.type && r.start <= last(mine) + 1)
    if (j < 0) continue
    const end = Math.max(last(mine), last(list[j]!))
    mine.length = end - mine.start + 1
    list.splice(j, 1)
    i--
  }
}

/** The regions of all devices of a group. */
export function* groupRegions(group: iommu_group): Sim<iommu_resv_region[]> {
  const list: iommu_resv_region[] = []
  for (const { dev } of group.$devices)
    for (const region of yield* reservedRegions(dev)) insert(list, region)
  return list
}

const WORDS = ['direct', 'direct-relaxable', 'reserved', 'msi', 'msi']
const hex16 = (n: number): string => `0x${n.toString(16).padStart(16, '0')}`

/** The group's `reserved_regions` file. */
export function* regionsText(group: iommu_group): Sim<string> {
  let text = ''
  for (const r of yield* groupRegions(group))
    text += `${hex16(r.start)} ${hex16(last(r))} ${WORDS[r.type]}\n`
  return text
}

/** `iommu_create_device_direct_mappings`: what firmware uses keeps its address. */
export function* mapDirectRegions(domain: iommu_domain, dev: device): Sim<number> {
  const regions = yield* reservedRegions(dev)
  if (!regions.length) return 0
  const page = smallestPage(domain)
  for (const region of regions) {
    if (region.type === IOMMU_RESV_DIRECT) dev.iommu!.require_direct = true
    const direct = region.type === IOMMU_RESV_DIRECT || region.type === IOMMU_RESV_DIRECT_RELAXABLE
    if (!direct || !(domain.type & __IOMMU_DOMAIN_DMA_API)) continue
    const end = Math.ceil((last(region) + 1) / page) * page
    for (let at = Math.floor(region.start / page) * page; at < end; at += page) {
      if (iovaToPhys(domain, at) !== 0) continue
      const ret = machine().runtime.atomic<number>(mapRange(domain, at, at, page, region.prot))
      if (ret) return ret
    }
  }
  return 0
}

export const smallestPage = (domain: iommu_domain): number =>
  domain.type === IOMMU_DOMAIN_IDENTITY ? 4096 : lowestBit(domain.pgsize_bitmap)

export const isMsi = (region: iommu_resv_region): boolean =>
  region.type === IOMMU_RESV_MSI || region.type === IOMMU_RESV_SW_MSI
