export {
  dev_iommu,
  IOMMU_CAP_CACHE_COHERENCY,
  IOMMU_CAP_DEFERRED_FLUSH,
  IOMMU_CAP_DIRTY_TRACKING,
  IOMMU_CAP_ENFORCE_CACHE_COHERENCY,
  IOMMU_CAP_NOEXEC,
  IOMMU_CAP_PCI_ATS_SUPPORTED,
  IOMMU_CAP_PRE_BOOT_PROTECTION,
  iommu_device,
  IOMMU_RESV_DIRECT,
  IOMMU_RESV_DIRECT_RELAXABLE,
  IOMMU_RESV_MSI,
  IOMMU_RESV_RESERVED,
  IOMMU_RESV_SW_MSI,
  iommu_resv_region,
  type iommu_fwspec,
  type iommu_ops,
} from '../../kernel/iommu/ops'

/** What a fault was: for `report_iommu_fault` and its handlers. */
export const IOMMU_FAULT_READ = 0
export const IOMMU_FAULT_WRITE = 1
