import { DMA_BIT_MASK, dma_map_single, dma_mapping_error, DMA_TO_DEVICE, dma_unmap_single } from 'linux/dma-mapping'
import { GFP_KERNEL, kmalloc } from 'linux/slab'
import { KLAB, KLAB_PROBE } from './klab'
import { kp_dev } from './klab_plat'

function probe() {
  const d = kp_dev(DMA_BIT_MASK(32))
  const b = kmalloc(256, GFP_KERNEL)!
  const a = dma_map_single(d, b, 256, DMA_TO_DEVICE)
  KLAB('map', 'error=%d', dma_mapping_error(d, a))
  dma_unmap_single(d, a, 256, DMA_TO_DEVICE)
  KLAB('unmap', 'first=1')
  dma_unmap_single(d, a, 256, DMA_TO_DEVICE)
  KLAB('unmap', 'second=1')
}
KLAB_PROBE('dma-unmap-twice', probe)
