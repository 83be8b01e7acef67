import { PAGE_SIZE } from '../../base/units'
import { IOMMU_DOMAIN_IDENTITY, type iommu_domain } from './domain'
import { iovaToPhys } from './map'

/** Where a range leads to, page by page; null when any part of it leads nowhere. */
export function walkDomain(
  domain: iommu_domain | null, address: number, length: number,
): { phys: number; length: number }[] | null {
  if (!domain) return null
  const pieces: { phys: number; length: number }[] = []
  for (let at = address; at < address + length; ) {
    const end = Math.min((Math.floor(at / PAGE_SIZE) + 1) * PAGE_SIZE, address + length)
    const phys = domain.type === IOMMU_DOMAIN_IDENTITY ? at : iovaToPhys(domain, at)
    if (phys === 0) return null
    pieces.push({ phys, length: end - at })
    at = end
  }
  return pieces
}
