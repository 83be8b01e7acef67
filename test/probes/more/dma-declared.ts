import { dma_declare_coherent_memory, dma_release_coherent_memory } from 'linux/dma-map-ops'
import { dma_alloc_coherent, DMA_BIT_MASK, dma_free_coherent } from 'linux/dma-mapping'
import { alloc_pages } from 'linux/gfp'
import { page_to_phys } from 'linux/mm'
import { GFP_KERNEL } from 'linux/slab'
import { ptr, type dma_addr_t } from 'linux/types'
import { KLAB, KLAB_PROBE } from './klab'
import { kp_dev } from './klab_plat'

function probe() {
  const d = kp_dev(DMA_BIT_MASK(32))
  const own = page_to_phys(alloc_pages(GFP_KERNEL, 2)!)
  const h = ptr<dma_addr_t>()
  KLAB('declare', 'first=%d', dma_declare_coherent_memory(d, own, 0x10000, 16384))
  KLAB('declare', 'again=%d', dma_declare_coherent_memory(d, own, 0x10000, 16384))
  const a = dma_alloc_coherent(d, 100, h, GFP_KERNEL)!
  KLAB('alloc', 'first=%x', h.value)
  const b = dma_alloc_coherent(d, 5000, h, GFP_KERNEL)!
  KLAB('alloc', 'aligned=%x', h.value)
  KLAB('alloc', 'too_much=%d', !!dma_alloc_coherent(d, 16384, h, GFP_KERNEL))
  dma_free_coherent(d, 5000, b, 0x12000)
  dma_free_coherent(d, 100, a, 0x10000)
  KLAB('alloc', 'all=%d', !!dma_alloc_coherent(d, 16384, h, GFP_KERNEL))
  dma_release_coherent_memory(d)
}
KLAB_PROBE('dma-declared', probe)
