import { dma_alloc_coherent, DMA_BIDIRECTIONAL, DMA_BIT_MASK, dma_map_single, dma_mapping_error, DMA_TO_DEVICE, dma_unmap_sg, dma_unmap_single } from 'linux/dma-mapping'
import { scatterlist, sg_init_one } from 'linux/scatterlist'
import { GFP_KERNEL, kmalloc } from 'linux/slab'
import { ptr, type dma_addr_t } from 'linux/types'
import { KLAB, KLAB_PROBE } from './klab'
import { kp_dev } from './klab_plat'

function probe() {
  const d = kp_dev(DMA_BIT_MASK(32))
  const b = kmalloc(4096, GFP_KERNEL)!
  const sg = new scatterlist()
  const h = ptr<dma_addr_t>()
  const a = dma_map_single(d, b, 4096, DMA_TO_DEVICE)
  KLAB('map', 'error=%d', dma_mapping_error(d, a))
  sg_init_one(sg, b, 4096)
  sg.dma_address = a
  sg.dma_length = 4096
  dma_unmap_sg(d, sg, 1, DMA_TO_DEVICE)
  KLAB('unmap_sg', 'returned=1')
  const c = dma_alloc_coherent(d, 4096, h, GFP_KERNEL)
  KLAB('coherent', 'ok=%d', !!c)
  dma_unmap_single(d, h.value, 4096, DMA_BIDIRECTIONAL)
  KLAB('unmap_coherent', 'returned=1')
}
KLAB_PROBE('dma-unmap-type', probe)
