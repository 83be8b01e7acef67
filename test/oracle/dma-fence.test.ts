import type { Sim } from '../../src-sim/engine/suspend'
import { test_bit } from '../../src-sim/linux/bitops'
import { container_of } from '../../src-sim/linux/container_of'
import * as f from '../../src-sim/linux/dma-fence'
import { kref_read } from '../../src-sim/linux/kref'
import { kzalloc, GFP_KERNEL } from '../../src-sim/linux/slab'
import { DEFINE_SPINLOCK, type spinlock_t } from '../../src-sim/linux/spinlock'
import { ptr_to } from '../../src-sim/linux/types'
import { sim } from '../sim/harness'
import { probe, type Klab } from './harness'

class kf {
  f = new f.dma_fence()
  name = ''
  done = false
}

class kf_cb {
  cb = new f.dma_fence_cb()
  name = ''
}

/** The fences of the recorded probes, which tell what is asked of them. */
class Fences {
  readonly lock: spinlock_t = DEFINE_SPINLOCK('kf_lock')
  enables = true
  readonly ops: f.dma_fence_ops
  readonly #klab: Klab

  constructor(klab: Klab) {
    this.#klab = klab
    this.ops = {
      get_driver_name: () => 'klab',
      get_timeline_name: () => 'line',
      enable_signaling: (fence) => {
        klab('enable_signaling', 'fence=%s', container_of(fence, kf, 'f').name)
        return this.enables
      },
      signaled: (fence) => container_of(fence, kf, 'f').done,
      release: (fence) => {
        klab('fence_release', 'fence=%s', container_of(fence, kf, 'f').name)
        f.dma_fence_free(fence)
      },
    }
  }

  make(name: string, context: number, seqno: number, lock = this.lock): f.dma_fence {
    const k = kzalloc(kf, GFP_KERNEL)!
    k.name = name
    f.dma_fence_init(k.f, this.ops, lock, context, seqno)
    return k.f
  }

  make64(context: number, seqno: number): f.dma_fence {
    const k = kzalloc(kf, GFP_KERNEL)!
    f.dma_fence_init64(k.f, this.ops, this.lock, context, seqno)
    return k.f
  }

  *add(fence: f.dma_fence, name: string): Sim<number> {
    const c = kzalloc(kf_cb, GFP_KERNEL)!
    c.name = name
    return yield* sim(
      f.dma_fence_add_callback(fence, c.cb, (_f, cb) => {
        const of = container_of(cb, kf_cb, 'cb').name
        this.#klab('callback', 'name=%s signaled=%d', of, f.dma_fence_test_signaled_flag(fence))
      }),
    )
  }
}

probe('fence-cb-order-in-signal', function* (klab) {
  const all = new Fences(klab)
  const fence = all.make('f', 5, 1)
  const g = all.make('g', 6, 1, DEFINE_SPINLOCK('l2'))
  const nested = kzalloc(kf_cb, GFP_KERNEL)!
  yield* all.add(fence, 'a')
  const nest = function* (): Sim {
    klab('callback', 'name=nest')
    yield* sim(f.dma_fence_signal(g))
    klab('callback', 'name=nest_end')
  }
  const ret = yield* sim(f.dma_fence_add_callback(fence, nested.cb, nest as never))
  klab('add', 'nest=%d', ret)
  yield* all.add(fence, 'c')
  yield* all.add(g, 'z')
  yield* sim(f.dma_fence_signal(fence))
  klab('end', 'done=1')
})

probe('fence-enable-false', function* (klab) {
  const all = new Fences(klab)
  const fence = all.make('f', f.dma_fence_context_alloc(1), 1)
  all.enables = false
  klab('add', 'a=%d', yield* all.add(fence, 'a'))
  const signaled = yield* sim(f.dma_fence_is_signaled(fence))
  klab('state', 'signaled=%d status=%d', signaled, yield* sim(f.dma_fence_get_status(fence)))
  klab('add', 'b=%d', yield* all.add(fence, 'b'))
  yield* sim(f.dma_fence_put(fence))
})

probe('fence-error', function* (klab) {
  const fence = new Fences(klab).make('f', f.dma_fence_context_alloc(1), 1)
  f.dma_fence_set_error(fence, -5)
  klab('set', 'status_before_signal=%d', yield* sim(f.dma_fence_get_status(fence)))
  yield* sim(f.dma_fence_signal(fence))
  const status = yield* sim(f.dma_fence_get_status(fence))
  klab('signal', 'status=%d wait=%ld', status, yield* sim(f.dma_fence_wait(fence, false)))
  f.dma_fence_set_error(fence, -22)
  klab('set_late', 'status=%d', yield* sim(f.dma_fence_get_status(fence)))
  yield* sim(f.dma_fence_put(fence))
})

probe('fence-later', function* (klab) {
  const all = new Fences(klab)
  const later = f.dma_fence_is_later
  const [a, b] = [all.make('a', 5, 0xfffffff0), all.make('b', 5, 0x100000005)]
  const [c, d] = [all.make64(6, 0xfffffff0), all.make64(6, 0x100000005)]
  const [e, g] = [all.make('e', 5, 3), all.make('f', 5, 0x80000004)]
  klab('later32', 'b_after_a=%d a_after_b=%d', later(b, a), later(a, b))
  klab('later64', 'd_after_c=%d c_after_d=%d', later(d, c), later(c, d))
  klab('half', 'f_after_e=%d e_after_f=%d same=%d', later(g, e), later(e, g), later(e, e))
  klab('contexts', 'ret=%d', later(a, c))
})

probe('fence-signal-twice', function* (klab) {
  const fence = new Fences(klab).make('f', f.dma_fence_context_alloc(1), 1)
  const enabled = (): boolean =>
    test_bit(f.DMA_FENCE_FLAG_ENABLE_SIGNAL_BIT, ptr_to(fence, 'flags'))
  const refs = kref_read(fence.refcount)
  klab('new', 'refs=%u status=%d', refs, yield* sim(f.dma_fence_get_status(fence)))
  const was = yield* sim(f.dma_fence_check_and_signal(fence))
  klab('signal', 'was_signaled=%d status=%d', was, yield* sim(f.dma_fence_get_status(fence)))
  klab('signal', 'was_signaled=%d', yield* sim(f.dma_fence_check_and_signal(fence)))
  yield* sim(f.dma_fence_signal(fence))
  klab('signal', 'third=void enabled_flag=%d', enabled())
  yield* sim(f.dma_fence_enable_sw_signaling(fence))
  klab('enable', 'after_signal_flag=%d', enabled())
  yield* sim(f.dma_fence_put(fence))
})

probe('fence-signaled-op', function* (klab) {
  const all = new Fences(klab)
  const fence = all.make('f', f.dma_fence_context_alloc(1), 1)
  klab('add', 'a=%d', yield* all.add(fence, 'a'))
  container_of(fence, kf, 'f').done = true
  klab('flag', 'only_flag=%d', f.dma_fence_test_signaled_flag(fence))
  klab('add', 'b=%d', yield* all.add(fence, 'b'))
  klab('query', 'is_signaled=%d', yield* sim(f.dma_fence_is_signaled(fence)))
  klab('flag', 'only_flag=%d', f.dma_fence_test_signaled_flag(fence))
  yield* sim(f.dma_fence_put(fence))
})
