/** Brought along, as by the C header. */
export * from './err'
export * from './errno'
export * from './scatterlist'

/**
 * What stands between devices and memory: `linux/iommu`. Most drivers never call any of it: the
 * DMA API does, for every device behind an IOMMU.
 */
export * from '../kernel/iommu/domain'
export { iommu_attach_handle, iommu_group } from '../kernel/iommu/group'
export * from './iommu/constants'
export * from './iommu/domains'
export * from './iommu/driver'
export * from './iommu/groups'
export * from './iommu/mapping'
export * from './iommu/pasid'
