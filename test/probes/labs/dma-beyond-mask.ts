import { DMA_BIT_MASK, dma_addressing_limited, dma_map_single, dma_mapping_error, dma_set_mask, DMA_TO_DEVICE } from 'linux/dma-mapping'
import { virt_to_phys } from 'linux/io'
import { GFP_KERNEL, kmalloc } from 'linux/slab'
import { KLAB, KLAB_PROBE } from './klab'
import { kp_dev } from './klab_plat'

function probe() {
  const d = kp_dev(DMA_BIT_MASK(32))
  const b = kmalloc(256, GFP_KERNEL)!
  KLAB('buffer', 'above_16M=%d', virt_to_phys(b) >= 1 << 24)
  KLAB('set_mask', '24=%d', dma_set_mask(d, DMA_BIT_MASK(24)))
  let a = dma_map_single(d, b, 256, DMA_TO_DEVICE)
  KLAB('map', 'error=%d', dma_mapping_error(d, a))
  d.dma_mask = DMA_BIT_MASK(24) // by force
  a = dma_map_single(d, b, 256, DMA_TO_DEVICE)
  KLAB('map_forced_mask', 'error=%d limited=%d', dma_mapping_error(d, a), dma_addressing_limited(d))
}
KLAB_PROBE('dma-beyond-mask', probe)
