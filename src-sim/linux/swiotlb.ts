import { machine } from '../engine/current'
import { quiet } from '../kernel/api'
import type { DmaDevice } from '../kernel/dma/dma-device'
import * as bounce from '../kernel/dma/swiotlb'

/** Bounce buffers: `linux/swiotlb`. Drivers need none of this; they see it in what maps fail. */

/** Bytes of a slot, and slots that one mapping can have. */
export const IO_TLB_SHIFT = 11
export const IO_TLB_SIZE = bounce.SLOT_SIZE
export const IO_TLB_SEGSIZE = bounce.SET_SLOTS

/** There are bounce buffers. */
export const is_swiotlb_active = quiet((_dev: DmaDevice): boolean => bounce.swiotlbActive())
export const is_swiotlb_allocated = quiet((): boolean => bounce.swiotlbActive())
/** Everything goes through them. */
export const is_swiotlb_force_bounce = quiet((dev: DmaDevice): boolean => bounce.forcesBounce(dev))
/** The longest mapping that can be bounced. */
export const swiotlb_max_mapping_size = quiet((dev: DmaDevice): number => bounce.maxBounceSize(dev))
/** The physical address is one of a bounce buffer. */
export const is_swiotlb_buffer = quiet((_dev: DmaDevice, paddr: number): boolean =>
  bounce.isBounced(paddr),
)
/** Slots in use, and in all: `io_tlb_used`, `io_tlb_nslabs` in debugfs. */
export const swiotlb_used = quiet((): number =>
  bounce.swiotlbActive() ? bounce.swiotlb(machine()).used : 0,
)
export const swiotlb_nslabs = quiet((): number =>
  bounce.swiotlbActive() ? bounce.swiotlb(machine()).nslabs : 0,
)
