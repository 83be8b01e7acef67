import { test_bit } from 'linux/bitops'
import { dma_fence_check_and_signal, dma_fence_context_alloc, dma_fence_enable_sw_signaling, DMA_FENCE_FLAG_ENABLE_SIGNAL_BIT, dma_fence_get_status, dma_fence_put, dma_fence_signal } from 'linux/dma-fence'
import { kref_read } from 'linux/kref'
import { ptr_to } from 'linux/types'
import { KLAB, KLAB_PROBE } from './klab'
import { kf_new } from './klab_fence'

function probe() {
  const f = kf_new('f', dma_fence_context_alloc(1), 1)
  KLAB('new', 'refs=%u status=%d', kref_read(f.refcount), dma_fence_get_status(f))
  KLAB('signal', 'was_signaled=%d status=%d', dma_fence_check_and_signal(f), dma_fence_get_status(f))
  KLAB('signal', 'was_signaled=%d', dma_fence_check_and_signal(f))
  dma_fence_signal(f)
  KLAB('signal', 'third=void enabled_flag=%d', test_bit(DMA_FENCE_FLAG_ENABLE_SIGNAL_BIT, ptr_to(f, 'flags')))
  dma_fence_enable_sw_signaling(f)
  KLAB('enable', 'after_signal_flag=%d', test_bit(DMA_FENCE_FLAG_ENABLE_SIGNAL_BIT, ptr_to(f, 'flags')))
  dma_fence_put(f)
}
KLAB_PROBE('fence-signal-twice', probe)
