import { dma_addressing_limited, DMA_BIT_MASK, dma_get_max_seg_size, dma_get_merge_boundary, dma_get_min_align_mask, dma_get_required_mask, dma_get_seg_boundary, dma_max_mapping_size, dma_set_max_seg_size, dma_set_min_align_mask, dma_set_seg_boundary } from 'linux/dma-mapping'
import { root_device_register, root_device_unregister } from 'linux/device'
import { fls64 } from 'linux/bitops'
import { KLAB, KLAB_PROBE } from './klab'
import { kp_dev } from './klab_plat'

function probe() {
  const d = kp_dev(DMA_BIT_MASK(32))
  KLAB('limits', 'required_bits=%d limited=%d merge=%lu unlimited=%d', fls64(dma_get_required_mask(d)), dma_addressing_limited(d), dma_get_merge_boundary(d), dma_max_mapping_size(d) > 1 << 30)
  KLAB('segments', 'max=%u align=%u any_boundary=%d', dma_get_max_seg_size(d), dma_get_min_align_mask(d), dma_get_seg_boundary(d) > 0xffffffff)
  dma_set_max_seg_size(d, 512)
  dma_set_seg_boundary(d, 4095)
  dma_set_min_align_mask(d, 511)
  KLAB('set', 'max=%u boundary=%lu align=%u', dma_get_max_seg_size(d), dma_get_seg_boundary(d), dma_get_min_align_mask(d))
  const r = root_device_register('klabroot')
  dma_set_max_seg_size(r, 512)
  KLAB('root', 'max=%u', dma_get_max_seg_size(r))
  root_device_unregister(r)
}
KLAB_PROBE('dma-limits', probe)
