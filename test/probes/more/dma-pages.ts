import { dma_alloc_coherent, dma_alloc_noncoherent, dma_alloc_noncontiguous, dma_alloc_pages, DMA_BIT_MASK, dma_free_coherent, dma_free_noncoherent, dma_free_noncontiguous, dma_free_pages, DMA_FROM_DEVICE, dma_get_sgtable, DMA_TO_DEVICE } from 'linux/dma-mapping'
import { sg_dma_len, sg_free_table, sg_table } from 'linux/scatterlist'
import { GFP_DMA32, GFP_KERNEL } from 'linux/slab'
import { ptr, type dma_addr_t } from 'linux/types'
import { KLAB, KLAB_PROBE } from './klab'
import { kp_dev } from './klab_plat'

function probe() {
  const d = kp_dev(DMA_BIT_MASK(32))
  const h = ptr<dma_addr_t>()
  const p = dma_alloc_pages(d, 5000, h, DMA_FROM_DEVICE, GFP_KERNEL)!
  KLAB('pages', 'ok=%d', !!p)
  dma_free_pages(d, 5000, p, h.value, DMA_TO_DEVICE)
  KLAB('pages', 'freed=1')
  KLAB('pages', 'zone=%d', !!dma_alloc_pages(d, 5000, h, DMA_FROM_DEVICE, GFP_KERNEL | GFP_DMA32))
  const n = dma_alloc_noncoherent(d, 100, h, DMA_FROM_DEVICE, GFP_KERNEL)!
  dma_free_noncoherent(d, 100, n, h.value, DMA_FROM_DEVICE)
  const t = dma_alloc_noncontiguous(d, 10000, DMA_FROM_DEVICE, GFP_KERNEL, 0)!
  KLAB('noncontiguous', 'nents=%d len=%d', t.nents, sg_dma_len(t.sgl[0]))
  dma_free_noncontiguous(d, 10000, t, DMA_FROM_DEVICE)
  const c = dma_alloc_coherent(d, 8192, h, GFP_KERNEL)!
  const s = new sg_table()
  KLAB('sgtable', 'ret=%d len=%d', dma_get_sgtable(d, s, c, h.value, 8192), s.sgl[0].length)
  sg_free_table(s)
  dma_free_coherent(d, 8192, c, h.value)
  dma_free_coherent(d, 8192, null, h.value)
  KLAB('coherent', 'freed=1')
}
KLAB_PROBE('dma-pages', probe)
