/**
 * What programs and VFIO share. Structures are objects with the members of C, `argsz` among them;
 * a program passes the name of a device to `VFIO_GROUP_GET_DEVICE_FD` as a text, and a descriptor
 * to `VFIO_GROUP_SET_CONTAINER` as a number or a `ptr`.
 */
export {
  VFIO_API_VERSION,
  VFIO_CHECK_EXTENSION,
  VFIO_DEVICE_ATTACH_IOMMUFD_PT,
  VFIO_DEVICE_BIND_IOMMUFD,
  VFIO_DEVICE_DETACH_IOMMUFD_PT,
  VFIO_DEVICE_FEATURE,
  VFIO_DEVICE_FLAGS_PCI,
  VFIO_DEVICE_FLAGS_RESET,
  VFIO_DEVICE_GET_INFO,
  VFIO_DEVICE_GET_REGION_INFO,
  VFIO_DEVICE_RESET,
  VFIO_DMA_CC_IOMMU,
  VFIO_DMA_MAP_FLAG_READ,
  VFIO_DMA_MAP_FLAG_WRITE,
  VFIO_DMA_UNMAP_FLAG_ALL,
  VFIO_GET_API_VERSION,
  VFIO_GROUP_FLAGS_CONTAINER_SET,
  VFIO_GROUP_FLAGS_VIABLE,
  VFIO_GROUP_GET_DEVICE_FD,
  VFIO_GROUP_GET_STATUS,
  VFIO_GROUP_SET_CONTAINER,
  VFIO_GROUP_UNSET_CONTAINER,
  VFIO_IOMMU_GET_INFO,
  VFIO_IOMMU_INFO_PGSIZES,
  VFIO_IOMMU_MAP_DMA,
  VFIO_IOMMU_UNMAP_DMA,
  VFIO_PCI_BAR0_REGION_INDEX,
  VFIO_PCI_BAR5_REGION_INDEX,
  VFIO_PCI_CONFIG_REGION_INDEX,
  VFIO_PCI_NUM_IRQS,
  VFIO_PCI_NUM_REGIONS,
  VFIO_PCI_OFFSET,
  VFIO_PCI_ROM_REGION_INDEX,
  VFIO_PCI_VGA_REGION_INDEX,
  VFIO_REGION_INFO_FLAG_MMAP,
  VFIO_REGION_INFO_FLAG_READ,
  VFIO_REGION_INFO_FLAG_WRITE,
  VFIO_SET_IOMMU,
  VFIO_TYPE1_IOMMU,
  VFIO_TYPE1v2_IOMMU,
  VFIO_UNMAP_ALL,
} from '../../kernel/vfio/uapi'

/** `ioctl(container, VFIO_IOMMU_MAP_DMA, &map)`. */
export interface vfio_iommu_type1_dma_map {
  argsz: number
  flags: number
  vaddr: number
  iova: number
  size: number
}
export interface vfio_iommu_type1_dma_unmap {
  argsz: number
  flags: number
  iova: number
  size: number
}
export interface vfio_device_bind_iommufd {
  argsz: number
  flags: number
  iommufd: number
  out_devid: number
}
export interface vfio_device_attach_iommufd_pt {
  argsz: number
  flags: number
  pt_id: number
}
export interface vfio_region_info {
  argsz: number
  flags: number
  index: number
  size: number
  offset: number
}

/** Lends parts of a BAR as a shared buffer: `VFIO_DEVICE_FEATURE` with GET answers its descriptor. */
export {
  VFIO_DEVICE_FEATURE_DMA_BUF,
  VFIO_DEVICE_FEATURE_GET,
  VFIO_DEVICE_FEATURE_MASK,
  VFIO_DEVICE_FEATURE_PROBE,
  VFIO_DEVICE_FEATURE_SET,
  type vfio_device_feature_dma_buf,
  type vfio_region_dma_range,
} from '../../kernel/vfio/pci-dmabuf'
