import { machine } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { systemHeap } from '../dma-buf/system-heap'
import { udmabufNode } from '../dma-buf/udmabuf'
import { iommufdNode } from '../iommufd/chardev'
import { containerNode } from '../vfio/container'

/** Drivers that come when somebody opens their node, by its path: no boot pays for them. */
const LATE: Readonly<Record<string, (m: Machine) => unknown>> = {
  '/dev/dma_heap/system': systemHeap,
  '/dev/iommu': iommufdNode,
  '/dev/vfio/vfio': containerNode,
  '/dev/udmabuf': udmabufNode,
}

/** What opening a path loads, as an alias of a module's would. */
export function loadForNode(path: string): void {
  LATE[path]?.(machine())
}
