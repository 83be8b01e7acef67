import { dma_fence_context_alloc, dma_fence_get_status, dma_fence_put, dma_fence_set_error, dma_fence_signal, dma_fence_wait } from 'linux/dma-fence'
import { EINVAL, EIO } from 'linux/errno'
import { KLAB, KLAB_PROBE } from './klab'
import { kf_new } from './klab_fence'

function probe() {
  const f = kf_new('f', dma_fence_context_alloc(1), 1)
  dma_fence_set_error(f, -EIO)
  KLAB('set', 'status_before_signal=%d', dma_fence_get_status(f))
  dma_fence_signal(f)
  KLAB('signal', 'status=%d wait=%ld', dma_fence_get_status(f), dma_fence_wait(f, false))
  dma_fence_set_error(f, -EINVAL)
  KLAB('set_late', 'status=%d', dma_fence_get_status(f))
  dma_fence_put(f)
}
KLAB_PROBE('fence-error', probe)
