import type { device } from '../../kernel/base/device'
import { whenReady } from './ready'

/** Whether there is an IOMMU for a device. In a file of its own: two headers have it. */
export const device_iommu_mapped = whenReady((dev: device): boolean => dev.iommu_group !== null)
