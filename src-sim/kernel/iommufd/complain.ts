import { machine } from '../../engine/current'
import { warn } from '../printk/warn'

/** A WARN_ON of iommufd: somebody in the kernel has used it wrongly. */
export function complain(what: string, func: string, object: object | null = null): void {
  warn(machine(), `iommufd-${what}`, `drivers/iommu/iommufd at ${func}`, null, {
    objects: object ? [object] : [],
    rules: ['IOMMUFD-01'],
  })
}
