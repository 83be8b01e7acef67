/** `linux/dma-direction`. */
export {
  DMA_BIDIRECTIONAL, DMA_FROM_DEVICE, DMA_NONE, DMA_TO_DEVICE, type dma_data_direction,
} from './dma-mapping'
