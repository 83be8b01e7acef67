import { DMA_BIT_MASK, dma_alloc_coherent, dma_free_coherent } from 'linux/dma-mapping'
import { GFP_KERNEL } from 'linux/slab'
import { ptr, type dma_addr_t } from 'linux/types'
import { KLAB, KLAB_PROBE } from './klab'
import { kp_dev } from './klab_plat'

function probe() {
  const d = kp_dev(DMA_BIT_MASK(32))
  const h = ptr<dma_addr_t>()
  const c = dma_alloc_coherent(d, 8192, h, GFP_KERNEL)!
  KLAB('alloc', 'ok=%d zeroed=%d', !!c, c[100] === 0)
  dma_free_coherent(d, 4096, c, h.value)
  KLAB('free', 'half=1')
}
KLAB_PROBE('dma-coherent-size', probe)
