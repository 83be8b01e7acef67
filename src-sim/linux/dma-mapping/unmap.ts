import { quiet } from '../../kernel/api'

/**
 * What a driver remembers for unmapping: `DEFINE_DMA_UNMAP_ADDR(addr)` in C is a plain number among
 * the members here. Part of `linux/dma-mapping`.
 */

/** The member, by its name. */
export const dma_unmap_addr = quiet(
  <K extends string>(ptr: Record<K, number>, name: K): number => ptr[name],
)
export const dma_unmap_addr_set = quiet(
  <K extends string>(ptr: Record<K, number>, name: K, value: number): void => {
    ptr[name] = value as Record<K, number>[K]
  },
)
export const dma_unmap_len = dma_unmap_addr
export const dma_unmap_len_set = dma_unmap_addr_set
