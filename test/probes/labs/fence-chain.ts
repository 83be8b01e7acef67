import { msleep } from 'linux/delay'
import { dma_fence, dma_fence_context_alloc, dma_fence_get, dma_fence_get_status, dma_fence_is_signaled, dma_fence_put, dma_fence_signal } from 'linux/dma-fence'
import { dma_fence_chain_alloc, dma_fence_chain_find_seqno, dma_fence_chain_init } from 'linux/dma-fence-chain'
import { ptr } from 'linux/types'
import { KLAB, KLAB_PROBE } from './klab'
import { kf_add, kf_cb, kf_new } from './klab_fence'

const a = new kf_cb()
function probe() {
  const x: dma_fence[] = []
  let p: dma_fence | null = null
  const ctx = dma_fence_context_alloc(3)
  for (let k = 0; k < 3; k++) {
    x[k] = kf_new('f' + k, ctx + k, 1)
    const c = dma_fence_chain_alloc()!
    dma_fence_chain_init(c, p, dma_fence_get(x[k]), 10 * (k + 1))
    p = c.base
    KLAB('link', 'k=%d seqno=%llu', k, c.base.seqno)
  }
  const q = ptr<dma_fence | null>(null)
  for (let k = 5; k <= 35; k += 10) {
    q.value = dma_fence_get(p)
    const r = dma_fence_chain_find_seqno(q, k)
    KLAB('find', 'seqno=%d ret=%d found=%llu', k, r, !r && q.value ? q.value.seqno : 0)
    if (!r) dma_fence_put(q.value)
  }
  KLAB('add', 'cb=%d', kf_add(p!, a, 'chain'))
  dma_fence_signal(x[2])
  msleep(50)
  KLAB('last_signaled', 'head=%d', dma_fence_is_signaled(p!))
  dma_fence_signal(x[0])
  msleep(50)
  q.value = dma_fence_get(p)
  const r = dma_fence_chain_find_seqno(q, 10)
  KLAB('find', 'seqno=10 ret=%d found=%llu', r, !r && q.value ? q.value.seqno : 0)
  if (!r) dma_fence_put(q.value)
  dma_fence_signal(x[1])
  msleep(50)
  KLAB('all_signaled', 'head=%d status=%d', dma_fence_is_signaled(p!), dma_fence_get_status(p!))
  for (let k = 0; k < 3; k++) dma_fence_put(x[k])
  KLAB('put', 'head=1')
  dma_fence_put(p)
  msleep(50)
}
KLAB_PROBE('fence-chain', probe)
