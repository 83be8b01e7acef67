/** Buffers without a device, for programs: `user/dma-heap`. */
export {
  DMA_HEAP_IOCTL_ALLOC,
  DMA_HEAP_VALID_FD_FLAGS,
  DMA_HEAP_VALID_HEAP_FLAGS,
  type dma_heap_allocation_data,
} from '../dma-heap'
