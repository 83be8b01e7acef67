import { dma_fence, dma_fence_put, dma_fence_signal } from 'linux/dma-fence'
import { dma_resv, dma_resv_add_fence, dma_resv_fini, dma_resv_get_fences, dma_resv_init, dma_resv_lock, dma_resv_reserve_fences, dma_resv_test_signaled, dma_resv_unlock, dma_resv_wait_timeout } from 'linux/dma-resv'
import { kfree } from 'linux/slab'
import { ptr } from 'linux/types'
import { KLAB, KLAB_PROBE } from './klab'
import { kf_name, kf_new } from './klab_fence'

const r = new dma_resv()

function show(s: string) {
  for (let u = 0; u < 4; u++) {
    const n = ptr(0), v = ptr<dma_fence[] | null>(null)
    dma_resv_get_fences(r, u, n, v)
    KLAB('fences', '%s usage=%u n=%u signaled=%d', s, u, n.value, dma_resv_test_signaled(r, u))
    for (let k = 0; k < n.value; k++) {
      KLAB('fence', 'usage=%u name=%s', u, kf_name(v.value![k]!))
      dma_fence_put(v.value![k]!)
    }
    kfree(v.value)
  }
}
function probe() {
  const f: dma_fence[] = []
  const nm = ['kernel', 'write', 'read', 'book']
  dma_resv_init(r)
  show('empty')
  dma_resv_lock(r, null)
  KLAB('reserve', 'ret=%d', dma_resv_reserve_fences(r, 4))
  for (let k = 0; k < 4; k++) {
    f[k] = kf_new(nm[k]!, 100 + k, 1)
    dma_resv_add_fence(r, f[k]!, k)
  }
  dma_resv_unlock(r)
  show('all')
  dma_fence_signal(f[1]!)
  show('write_signaled')
  for (let k = 0; k < 4; k++) {
    dma_fence_signal(f[k]!)
    dma_fence_put(f[k]!)
  }
  KLAB('wait', 'bookkeep=%ld', dma_resv_wait_timeout(r, 3, false, 0))
  dma_resv_fini(r)
  KLAB('fini', 'done=1')
}
KLAB_PROBE('resv-usage', probe)
