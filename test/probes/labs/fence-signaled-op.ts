import { container_of } from 'linux/container_of'
import { dma_fence_context_alloc, dma_fence_is_signaled, dma_fence_put, dma_fence_test_signaled_flag } from 'linux/dma-fence'
import { KLAB, KLAB_PROBE } from './klab'
import { kf, kf_add, kf_cb, kf_new } from './klab_fence'

const a = new kf_cb()
const b = new kf_cb()
function probe() {
  const f = kf_new('f', dma_fence_context_alloc(1), 1)
  KLAB('add', 'a=%d', kf_add(f, a, 'a'))
  container_of(f, kf, 'f').done = true
  KLAB('flag', 'only_flag=%d', dma_fence_test_signaled_flag(f))
  KLAB('add', 'b=%d', kf_add(f, b, 'b'))
  KLAB('query', 'is_signaled=%d', dma_fence_is_signaled(f))
  KLAB('flag', 'only_flag=%d', dma_fence_test_signaled_flag(f))
  dma_fence_put(f)
}
KLAB_PROBE('fence-signaled-op', probe)
