import { kernelCall } from '../kernel/api'
import type { dma_buf_attachment } from '../kernel/dma-buf/buffer'
import * as p from '../kernel/dma-buf/phys-vec'
import type { phys_vec } from '../kernel/dma-buf/phys-vec'
import type { sg_table } from '../kernel/dma/sg'
import type { p2pdma_provider } from '../kernel/pci/p2pdma'

/** Tables of device memory, for exporters: `linux/dma-buf-mapping`. */

export type { phys_vec } from '../kernel/dma-buf/phys-vec'

/**
 * With the reservation lock held: ranges of a BAR as the attached device reaches them. The table
 * has no pages (`orig_nents` is 0). ERR_PTR: -EINVAL (no provider, no ranges, no way there),
 * -ENOMEM, -EIO. Pair: `dma_buf_free_sgt`.
 */
export const dma_buf_phys_vec_to_sgt = kernelCall(
  'dma_buf_phys_vec_to_sgt',
  (
    attach: dma_buf_attachment,
    provider: p2pdma_provider | null,
    ranges: phys_vec[],
    nr_ranges: number,
    _size: number,
    dir: number,
  ): sg_table => p.physVecToTable(attach, provider, ranges.slice(0, nr_ranges), dir),
)
/** With the lock held and the same direction. */
export const dma_buf_free_sgt = kernelCall('dma_buf_free_sgt', p.freeTableOf)
