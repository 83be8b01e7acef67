import { kernelCall, quiet } from '../kernel/api'
import * as h from '../kernel/dma-buf/dma-heap'
import type { dma_heap as Heap } from '../kernel/dma-buf/dma-heap'

/** Ways to allocate shared buffers without a device: `linux/dma-heap`. */

export {
  dma_heap,
  type dma_heap_allocation_data,
  type dma_heap_export_info,
  type dma_heap_ops,
} from '../kernel/dma-buf/dma-heap'

/** The one call of a heap's node; the descriptor comes back in `fd`, which must be 0 before. */
export const DMA_HEAP_IOCTL_ALLOC = h.DMA_HEAP_IOCTL_ALLOC
export const DMA_HEAP_VALID_FD_FLAGS = 0o2000003
export const DMA_HEAP_VALID_HEAP_FLAGS = 0

/** Makes /dev/dma_heap/NAME; it stays for good. ERR_PTR: -EINVAL (no or a known name, no ops). */
export const dma_heap_add = kernelCall('dma_heap_add', h.addHeap)
export const dma_heap_get_drvdata = quiet((heap: Heap): any => heap.priv)
export const dma_heap_get_name = quiet((heap: Heap): string => heap.name)
