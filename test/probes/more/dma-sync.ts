import { DMA_BIDIRECTIONAL, DMA_BIT_MASK, DMA_FROM_DEVICE, dma_map_single, dma_mapping_error, dma_need_sync, dma_sync_single_for_cpu, dma_sync_single_for_device, dma_sync_single_range_for_cpu, DMA_TO_DEVICE, dma_unmap_single } from 'linux/dma-mapping'
import { GFP_KERNEL, kmalloc } from 'linux/slab'
import { KLAB, KLAB_PROBE } from './klab'
import { kp_dev } from './klab_plat'

function probe() {
  const d = kp_dev(DMA_BIT_MASK(32))
  const b = kmalloc(4096, GFP_KERNEL)!
  const a = dma_map_single(d, b, 256, DMA_TO_DEVICE)
  KLAB('map', 'error=%d need_sync=%d', dma_mapping_error(d, a), dma_need_sync(d, a))
  dma_sync_single_for_cpu(d, a, 256, DMA_TO_DEVICE)
  dma_sync_single_for_device(d, a, 256, DMA_TO_DEVICE)
  KLAB('sync', 'good=1')
  dma_sync_single_for_cpu(d, a, 256, DMA_FROM_DEVICE)
  KLAB('sync', 'wrong_direction=1')
  dma_sync_single_for_device(d, a, 512, DMA_TO_DEVICE)
  KLAB('sync', 'too_long=1')
  dma_unmap_single(d, a, 256, DMA_TO_DEVICE)
  dma_sync_single_for_cpu(d, a, 256, DMA_TO_DEVICE)
  KLAB('sync', 'after_unmap=1')
  const c = dma_map_single(d, b, 4096, DMA_BIDIRECTIONAL)
  KLAB('map', 'error=%d', dma_mapping_error(d, c))
  dma_sync_single_range_for_cpu(d, c, 1024, 1024, DMA_FROM_DEVICE)
  KLAB('sync', 'bidirectional=1')
  dma_unmap_single(d, c, 4096, DMA_FROM_DEVICE)
  KLAB('unmap', 'wrong_direction=1')
}
KLAB_PROBE('dma-sync', probe)
