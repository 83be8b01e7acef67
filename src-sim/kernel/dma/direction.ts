/** Who reads and who writes during a transfer. */
export const DMA_BIDIRECTIONAL = 0
export const DMA_TO_DEVICE = 1
export const DMA_FROM_DEVICE = 2
export const DMA_NONE = 3
export const DIRECTIONS = ['BIDIRECTIONAL', 'TO_DEVICE', 'FROM_DEVICE', 'NONE'] as const

export const validDirection = (direction: number): boolean =>
  direction >= DMA_BIDIRECTIONAL && direction < DMA_NONE

export const deviceReads = (direction: number): boolean => direction !== DMA_FROM_DEVICE
export const deviceWrites = (direction: number): boolean => direction !== DMA_TO_DEVICE
