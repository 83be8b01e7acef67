import { dma_fence, dma_fence_add_callback, dma_fence_cb, dma_fence_init, dma_fence_signal } from 'linux/dma-fence'
import { GFP_KERNEL, kzalloc } from 'linux/slab'
import { DEFINE_SPINLOCK } from 'linux/spinlock'
import { KLAB, KLAB_PROBE } from './klab'
import { kf, kf_add, kf_cb, kf_new, kf_ops } from './klab_fence'

const l2 = DEFINE_SPINLOCK('l2')
let g: dma_fence
const a = new kf_cb()
const c = new kf_cb()
const z = new kf_cb()
function nest(x: dma_fence, cb: dma_fence_cb) {
  KLAB('callback', 'name=nest')
  dma_fence_signal(g)
  KLAB('callback', 'name=nest_end')
}
const nestcb = new dma_fence_cb()
function probe() {
  const k = kzalloc(kf, GFP_KERNEL)!
  const f = kf_new('f', 5, 1)
  k.name = 'g'
  dma_fence_init(k.f, kf_ops, l2, 6, 1)
  g = k.f
  kf_add(f, a, 'a')
  KLAB('add', 'nest=%d', dma_fence_add_callback(f, nestcb, nest))
  kf_add(f, c, 'c')
  kf_add(g, z, 'z')
  dma_fence_signal(f)
  KLAB('end', 'done=1')
}
KLAB_PROBE('fence-cb-order-in-signal', probe)
