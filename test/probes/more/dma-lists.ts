import { DMA_BIT_MASK, dma_map_sg, dma_map_sgtable, dma_set_max_seg_size, DMA_TO_DEVICE, dma_unmap_sg, dma_unmap_sgtable } from 'linux/dma-mapping'
import { for_each_sg, sg_alloc_table, sg_dma_len, sg_free_table, sg_init_table, sg_nents, sg_nents_for_len, sg_pcopy_to_buffer, sg_set_buf, sg_table, scatterlist } from 'linux/scatterlist'
import { GFP_KERNEL, kzalloc } from 'linux/slab'
import { KLAB, KLAB_PROBE } from './klab'
import { kp_dev } from './klab_plat'

function probe() {
  const d = kp_dev(DMA_BIT_MASK(32))
  const t = new sg_table()
  KLAB('table', 'none=%d', sg_alloc_table(t, 0, GFP_KERNEL))
  KLAB('table', 'three=%d nents=%d orig=%d', sg_alloc_table(t, 3, GFP_KERNEL), t.nents, t.orig_nents)
  for (const sg of for_each_sg(t.sgl, 3)) sg_set_buf(sg, kzalloc(512, GFP_KERNEL)!, 512)
  KLAB('count', 'all=%d for_600=%d for_2000=%d', sg_nents(t.sgl), sg_nents_for_len(t.sgl, 600), sg_nents_for_len(t.sgl, 2000))
  KLAB('copy', 'skip_1500=%zu', sg_pcopy_to_buffer(t.sgl, 3, new Uint8Array(100), 100, 1500))
  KLAB('map', 'ret=%d nents=%d len=%d', dma_map_sgtable(d, t, DMA_TO_DEVICE, 0), t.nents, sg_dma_len(t.sgl[0]))
  dma_unmap_sgtable(d, t, DMA_TO_DEVICE, 0)
  dma_unmap_sgtable(d, t, DMA_TO_DEVICE, 0)
  KLAB('unmap', 'twice=1')
  sg_free_table(t)
  t.orig_nents = 0
  KLAB('map', 'empty=%d', dma_map_sgtable(d, t, DMA_TO_DEVICE, 0))
  const sg = [new scatterlist()]
  sg_init_table(sg, 1)
  sg_set_buf(sg[0], kzalloc(8192, GFP_KERNEL)!, 8192)
  dma_set_max_seg_size(d, 4096)
  KLAB('map', 'too_long=%d', dma_map_sg(d, sg, 1, DMA_TO_DEVICE))
  dma_unmap_sg(d, sg, 1, DMA_TO_DEVICE)
}
KLAB_PROBE('dma-lists', probe)
