import { DMA_BIT_MASK, DMA_FROM_DEVICE, dma_map_single, dma_mapping_error, dma_sync_single_for_cpu, DMA_TO_DEVICE, dma_unmap_single } from 'linux/dma-mapping'
import { GFP_KERNEL, kmalloc } from 'linux/slab'
import { KLAB, KLAB_PROBE } from './klab'
import { kp_dev } from './klab_plat'

/** One buffer, two mappings: without an IOMMU at the same address. */
function probe() {
  const d = kp_dev(DMA_BIT_MASK(32))
  const b = kmalloc(1024, GFP_KERNEL)!
  const a = dma_map_single(d, b, 1024, DMA_TO_DEVICE)
  const c = dma_map_single(d, b, 1024, DMA_FROM_DEVICE)
  KLAB('map', 'error=%d,%d same=%d', dma_mapping_error(d, a), dma_mapping_error(d, c), a === c)
  dma_sync_single_for_cpu(d, c, 1024, DMA_FROM_DEVICE)
  KLAB('sync', 'ambiguous=1')
  dma_unmap_single(d, a, 512, DMA_TO_DEVICE)
  KLAB('unmap', 'fits_none=1')
  dma_unmap_single(d, c, 1024, DMA_FROM_DEVICE)
  dma_unmap_single(d, a, 1024, DMA_TO_DEVICE)
  KLAB('unmap', 'both=1')
}
KLAB_PROBE('dma-twice', probe)
