import { kernelCall } from '../kernel/api'
import * as d from '../kernel/hmm/dma-map'
import type { DmaDevice } from '../kernel/dma/dma-device'
import type { dma_addr_t } from './types'

/**
 * Device addresses for mirrored pages: `linux/hmm-dma`. All calls under the lock that the
 * invalidation takes.
 */

/** Brought along, as by the C header. */
export * from './dma-mapping'

export { hmm_dma_map } from '../kernel/hmm/dma-map'

/**
 * Room for `nr_entries` pages of `dma_entry_size` bytes. 0, -ENOMEM, or -EOPNOTSUPP where the
 * device needs syncs or copies. Pair: `hmm_dma_map_free`. HMM-11.
 */
export const hmm_dma_map_alloc = kernelCall(
  'hmm_dma_map_alloc',
  (dev: DmaDevice, map: d.hmm_dma_map, nr_entries: number, dma_entry_size: number): number =>
    d.allocDmaMap(dev, map, nr_entries, dma_entry_size),
)
export const hmm_dma_map_free = kernelCall(
  'hmm_dma_map_free', (_dev: DmaDevice, map: d.hmm_dma_map): void => d.freeDmaMap(map),
)
/** The device's address of entry `idx`; the same again when it is mapped already, -1 on failure. */
export const hmm_dma_map_pfn = kernelCall(
  'hmm_dma_map_pfn',
  (dev: DmaDevice, map: d.hmm_dma_map, idx: number, _p2pdma_state: object | null): dma_addr_t =>
    d.mapEntry(dev, map, idx),
)
/** Takes it back; false when entry `idx` was not mapped. */
export const hmm_dma_unmap_pfn = kernelCall(
  'hmm_dma_unmap_pfn',
  (dev: DmaDevice, map: d.hmm_dma_map, idx: number): boolean => d.unmapEntry(dev, map, idx),
)
