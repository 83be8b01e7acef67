import { dma_fence_context_alloc, dma_fence_get_status, dma_fence_is_signaled, dma_fence_put } from 'linux/dma-fence'
import { KLAB, KLAB_PROBE } from './klab'
import { kf_add, kf_cb, kf_conf, kf_new } from './klab_fence'

const a = new kf_cb()
const b = new kf_cb()
function probe() {
  const f = kf_new('f', dma_fence_context_alloc(1), 1)
  kf_conf.enable_ret = false
  KLAB('add', 'a=%d', kf_add(f, a, 'a'))
  KLAB('state', 'signaled=%d status=%d', dma_fence_is_signaled(f), dma_fence_get_status(f))
  KLAB('add', 'b=%d', kf_add(f, b, 'b'))
  dma_fence_put(f)
}
KLAB_PROBE('fence-enable-false', probe)
