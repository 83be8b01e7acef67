import { dma_resv, dma_resv_add_fence, dma_resv_init, dma_resv_lock, dma_resv_lock_slow, dma_resv_reserve_fences, dma_resv_trylock, dma_resv_unlock, DMA_RESV_USAGE_READ, reservation_ww_class } from 'linux/dma-resv'
import { EDEADLK } from 'linux/errno'
import { ww_acquire_ctx, ww_acquire_fini, ww_acquire_init } from 'linux/ww_mutex'
import { KLAB, KLAB_PROBE } from './klab'
import { kf_new } from './klab_fence'

const r = new dma_resv()

function probe() {
  const c = new ww_acquire_ctx()
  const f = kf_new('f', 5, 1)
  dma_resv_init(r)
  KLAB('trylock', 'free=%d', dma_resv_trylock(r))
  KLAB('trylock', 'held=%d', dma_resv_trylock(r))
  dma_resv_unlock(r)
  ww_acquire_init(c, reservation_ww_class)
  let e = dma_resv_lock(r, c)
  if (e === -EDEADLK) {
    KLAB('lock', 'injected=1')
    dma_resv_lock_slow(r, c)
    e = 0
  }
  KLAB('lock', 'first=%d', e)
  KLAB('lock', 'again=%d', dma_resv_lock(r, c))
  dma_resv_unlock(r)
  ww_acquire_fini(c)
  KLAB('reserve', 'unlocked_call=1')
  e = dma_resv_reserve_fences(r, 1)
  KLAB('reserve', 'unlocked=%d', e)
  dma_resv_add_fence(r, f, DMA_RESV_USAGE_READ)
  KLAB('add', 'unlocked_returned=1')
}
KLAB_PROBE('resv-lock', probe)
