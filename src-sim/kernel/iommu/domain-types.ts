import {
  __IOMMU_DOMAIN_DMA_API, __IOMMU_DOMAIN_PAGING, IOMMU_DOMAIN_BLOCKED, IOMMU_DOMAIN_DMA, IOMMU_DOMAIN_DMA_FQ,
  IOMMU_DOMAIN_IDENTITY, IOMMU_DOMAIN_UNMANAGED, type iommu_domain,
} from './domain'

export const isPaging = (domain: iommu_domain): boolean =>
  (domain.type & __IOMMU_DOMAIN_PAGING) !== 0

const NAMES = new Map([
  [IOMMU_DOMAIN_BLOCKED, 'blocked'],
  [IOMMU_DOMAIN_IDENTITY, 'identity'],
  [IOMMU_DOMAIN_UNMANAGED, 'unmanaged'],
  [IOMMU_DOMAIN_DMA, 'DMA'],
  [IOMMU_DOMAIN_DMA_FQ, 'DMA-FQ'],
])

/** As the group's file in sysfs says it. */
export const domainTypeName = (type: number): string => NAMES.get(type) ?? 'unknown'

/** As boot messages say it. */
export function policyName(type: number): string {
  if (type === IOMMU_DOMAIN_IDENTITY) return 'Passthrough'
  if (type === IOMMU_DOMAIN_BLOCKED) return 'Blocked'
  if (type === IOMMU_DOMAIN_UNMANAGED) return 'Unmanaged'
  return type & __IOMMU_DOMAIN_DMA_API ? 'Translated' : 'Unknown'
}
