import { DMA_BIT_MASK, dma_map_sg, DMA_TO_DEVICE, dma_unmap_sg } from 'linux/dma-mapping'
import { scatterlist, sg_init_table, sg_set_buf } from 'linux/scatterlist'
import { GFP_KERNEL, kmalloc } from 'linux/slab'
import { KLAB, KLAB_PROBE } from './klab'
import { kp_dev } from './klab_plat'

const sg = [new scatterlist(), new scatterlist(), new scatterlist(), new scatterlist()]
function fill() {
  sg_init_table(sg, 4)
  for (let k = 0; k < 4; k++) sg_set_buf(sg[k], kmalloc(512, GFP_KERNEL)!, 512)
}
function probe() {
  const d = kp_dev(DMA_BIT_MASK(32))
  fill()
  KLAB('map', 'ret=%u', dma_map_sg(d, sg, 4, DMA_TO_DEVICE))
  dma_unmap_sg(d, sg, 4, DMA_TO_DEVICE)
  KLAB('unmap', 'good=1')
  fill()
  KLAB('map', 'ret=%u', dma_map_sg(d, sg, 4, DMA_TO_DEVICE))
  dma_unmap_sg(d, sg, 2, DMA_TO_DEVICE)
  KLAB('unmap', 'two=1')
  KLAB('map', 'zero_entries=%u', dma_map_sg(d, sg, 0, DMA_TO_DEVICE))
}
KLAB_PROBE('dma-sg-nents', probe)
