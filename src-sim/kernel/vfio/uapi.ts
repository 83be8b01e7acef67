/** What programs and VFIO share: include/uapi/linux/vfio.h. */

const TYPE = ';'.charCodeAt(0)
const BASE = 100
const call = (nr: number): number => (TYPE << 8) | (BASE + nr)

export const VFIO_API_VERSION = 0
export const VFIO_TYPE1_IOMMU = 1
export const VFIO_DMA_CC_IOMMU = 4
export const VFIO_TYPE1v2_IOMMU = 3
export const VFIO_UNMAP_ALL = 9

export const VFIO_GET_API_VERSION = call(0)
export const VFIO_CHECK_EXTENSION = call(1)
export const VFIO_SET_IOMMU = call(2)
export const VFIO_GROUP_GET_STATUS = call(3)
export const VFIO_GROUP_SET_CONTAINER = call(4)
export const VFIO_GROUP_UNSET_CONTAINER = call(5)
export const VFIO_GROUP_GET_DEVICE_FD = call(6)
export const VFIO_DEVICE_GET_INFO = call(7)
export const VFIO_DEVICE_GET_REGION_INFO = call(8)
export const VFIO_DEVICE_RESET = call(11)
export const VFIO_IOMMU_GET_INFO = call(12)
export const VFIO_IOMMU_MAP_DMA = call(13)
export const VFIO_IOMMU_UNMAP_DMA = call(14)
export const VFIO_DEVICE_FEATURE = call(17)
export const VFIO_DEVICE_BIND_IOMMUFD = call(18)
export const VFIO_DEVICE_ATTACH_IOMMUFD_PT = call(19)
export const VFIO_DEVICE_DETACH_IOMMUFD_PT = call(20)

/** The group can be used: all its devices have drivers that leave DMA to programs, or none. */
export const VFIO_GROUP_FLAGS_VIABLE = 1
export const VFIO_GROUP_FLAGS_CONTAINER_SET = 2

export const VFIO_DEVICE_FLAGS_RESET = 1
export const VFIO_DEVICE_FLAGS_PCI = 2
export const VFIO_REGION_INFO_FLAG_READ = 1
export const VFIO_REGION_INFO_FLAG_WRITE = 2
export const VFIO_REGION_INFO_FLAG_MMAP = 4

export const VFIO_DMA_MAP_FLAG_READ = 1
export const VFIO_DMA_MAP_FLAG_WRITE = 2
export const VFIO_DMA_UNMAP_FLAG_ALL = 2
export const VFIO_IOMMU_INFO_PGSIZES = 1

export const VFIO_PCI_BAR0_REGION_INDEX = 0
export const VFIO_PCI_BAR5_REGION_INDEX = 5
export const VFIO_PCI_ROM_REGION_INDEX = 6
export const VFIO_PCI_CONFIG_REGION_INDEX = 7
export const VFIO_PCI_VGA_REGION_INDEX = 8
export const VFIO_PCI_NUM_REGIONS = 9
export const VFIO_PCI_NUM_IRQS = 5

/** A region's place in the file of its device: 40 bits each. */
export const VFIO_PCI_OFFSET = 2 ** 40

/** The sizes of the structures that programs pass, as far as each must reach. */
export const MIN_SIZE = {
  group_status: 8,
  device_info: 16,
  region_info: 32,
  iommu_info: 16,
  dma_map: 32,
  dma_unmap: 24,
  bind: 16,
  attach: 12,
  detach: 8,
} as const

/** Members of a structure of a program; what is no structure, or too short, is refused. */
export type UserArgs = Record<string, any> & { argsz: number; flags: number }

export function argsOf(arg: unknown, least: number): UserArgs | number {
  if (arg === null || typeof arg !== 'object') return -14
  const args = arg as UserArgs
  if (typeof args.argsz !== 'number') return -14
  return args.argsz < least ? -22 : args
}
