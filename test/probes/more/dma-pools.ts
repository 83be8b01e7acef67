import { DMA_BIT_MASK, dmam_alloc_coherent, dmam_free_coherent } from 'linux/dma-mapping'
import { dma_pool, dma_pool_alloc, dma_pool_create, dma_pool_destroy, dma_pool_free, dma_pool_zalloc } from 'linux/dmapool'
import { GFP_KERNEL } from 'linux/slab'
import { ptr, type dma_addr_t } from 'linux/types'
import { KLAB, KLAB_PROBE } from './klab'
import { kp_dev } from './klab_plat'

function probe() {
  const d = kp_dev(DMA_BIT_MASK(32))
  KLAB('create', 'no_dev=%d bad_align=%d bad_boundary=%d', !!dma_pool_create('x', null, 8, 8, 0), !!dma_pool_create('x', d, 8, 24, 0), !!dma_pool_create('x', d, 64, 8, 32))
  const p: dma_pool = dma_pool_create('klabpool', d, 40, 32, 0)!
  const a = ptr<dma_addr_t>()
  const b = ptr<dma_addr_t>()
  const x = dma_pool_alloc(p, GFP_KERNEL, a)
  const y = dma_pool_zalloc(p, GFP_KERNEL, b)
  KLAB('alloc', 'ok=%d%d zero=%d distance=%d aligned=%d', !!x, !!y, y![0] === 0, b.value - a.value, a.value % 32 === 0)
  dma_pool_free(p, y, b.value)
  const z = dma_pool_alloc(p, GFP_KERNEL, a)
  KLAB('alloc', 'reused=%d', a.value === b.value)
  dma_pool_free(p, z, a.value)
  dma_pool_destroy(p)
  const h = ptr<dma_addr_t>()
  const c = dmam_alloc_coherent(d, 4096, h, GFP_KERNEL)!
  dmam_free_coherent(d, 4096, c, h.value)
  KLAB('managed', 'freed=1')
}
KLAB_PROBE('dma-pools', probe)
