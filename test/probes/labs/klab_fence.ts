import { container_of } from 'linux/container_of'
import { dma_fence, dma_fence_add_callback, dma_fence_cb, dma_fence_free, dma_fence_init, dma_fence_test_signaled_flag, type dma_fence_ops } from 'linux/dma-fence'
import { GFP_KERNEL, kzalloc } from 'linux/slab'
import { DEFINE_SPINLOCK } from 'linux/spinlock'
import { KLAB } from './klab'

/** Fences of our own, whose callbacks tell when they are called. */
export const kf_lock = DEFINE_SPINLOCK('kf_lock')
export const kf_conf = { enable_ret: true, log: true }

export class kf {
  f = new dma_fence()
  name = ''
  done = false
}
export class kf_cb {
  cb = new dma_fence_cb()
  name = ''
}
export const kf_ops: dma_fence_ops = {
  get_driver_name: () => 'klab',
  get_timeline_name: () => 'line',
  enable_signaling(f) {
    if (kf_conf.log) KLAB('enable_signaling', 'fence=%s', container_of(f, kf, 'f').name)
    return kf_conf.enable_ret
  },
  signaled: (f) => container_of(f, kf, 'f').done,
  release(f) {
    if (kf_conf.log) KLAB('fence_release', 'fence=%s', container_of(f, kf, 'f').name)
    dma_fence_free(f)
  },
}
export function kf_new(name: string, ctx: number, seq: number): dma_fence {
  const k = kzalloc(kf, GFP_KERNEL)!
  k.name = name
  dma_fence_init(k.f, kf_ops, kf_lock, ctx, seq)
  return k.f
}
function kf_cb_fn(f: dma_fence, cb: dma_fence_cb) {
  KLAB('callback', 'name=%s signaled=%d', container_of(cb, kf_cb, 'cb').name, dma_fence_test_signaled_flag(f))
}
export function kf_add(f: dma_fence, c: kf_cb, name: string) {
  c.name = name
  return dma_fence_add_callback(f, c.cb, kf_cb_fn)
}
export function kf_name(f: dma_fence | null) {
  return f && f.ops === kf_ops ? container_of(f, kf, 'f').name : f ? 'other' : 'null'
}
