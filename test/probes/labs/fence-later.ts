import { dma_fence, dma_fence_init64, dma_fence_is_later } from 'linux/dma-fence'
import { GFP_KERNEL, kzalloc } from 'linux/slab'
import { KLAB, KLAB_PROBE } from './klab'
import { kf, kf_lock, kf_new, kf_ops } from './klab_fence'

function n64(ctx: number, s: number): dma_fence {
  const k = kzalloc(kf, GFP_KERNEL)!
  dma_fence_init64(k.f, kf_ops, kf_lock, ctx, s)
  return k.f
}
function probe() {
  const a = kf_new('a', 5, 0xfffffff0)
  const b = kf_new('b', 5, 0x100000005)
  const c = n64(6, 0xfffffff0)
  const d = n64(6, 0x100000005)
  const e = kf_new('e', 5, 3)
  const f = kf_new('f', 5, 0x80000004)
  KLAB('later32', 'b_after_a=%d a_after_b=%d', dma_fence_is_later(b, a), dma_fence_is_later(a, b))
  KLAB('later64', 'd_after_c=%d c_after_d=%d', dma_fence_is_later(d, c), dma_fence_is_later(c, d))
  KLAB('half', 'f_after_e=%d e_after_f=%d same=%d', dma_fence_is_later(f, e), dma_fence_is_later(e, f), dma_fence_is_later(e, e))
  KLAB('contexts', 'ret=%d', dma_fence_is_later(a, c))
}
KLAB_PROBE('fence-later', probe)
