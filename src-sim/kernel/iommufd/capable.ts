import { machine } from '../../engine/current'
import type { device } from '../base/device'
import { opsOf } from '../iommu/ops'

/** `device_iommu_capable`: no without an IOMMU. */
export function capable(dev: device, cap: number): boolean {
  const ask = opsOf(dev)?.capable
  return ask ? machine().runtime.atomic<boolean>(ask(dev, cap)) : false
}
