import { machine } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { iommufdNode } from '../iommufd/chardev'

/** Drivers that come when somebody opens their node, by its path: no boot pays for them. */
const LATE: Readonly<Record<string, (m: Machine) => unknown>> = {
  '/dev/iommu': iommufdNode,
}

/** What opening a path loads, as an alias of a module's would. */
export function loadForNode(path: string): void {
  LATE[path]?.(machine())
}
