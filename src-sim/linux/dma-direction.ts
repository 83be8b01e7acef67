import { quiet } from '../kernel/api'
import { DIRECTIONS, validDirection } from '../kernel/dma/direction'

/** Who reads and who writes during a transfer: `linux/dma-direction`. */
export {
  DMA_BIDIRECTIONAL, DMA_FROM_DEVICE, DMA_NONE, DMA_TO_DEVICE,
} from '../kernel/dma/direction'

export type dma_data_direction = number

/** Whether memory can be mapped that way: not with DMA_NONE. */
export const valid_dma_direction = quiet((dir: dma_data_direction): boolean => validDirection(dir))

/** `DMA_TO_DEVICE` and so on, for messages. */
export const dma_direction_name = quiet(
  (dir: dma_data_direction): string => `DMA_${DIRECTIONS[dir] ?? 'NONE'}`,
)
