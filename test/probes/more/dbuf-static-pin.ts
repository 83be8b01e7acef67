import { dma_buf_attach, dma_buf_detach, dma_buf_map_attachment_unlocked, dma_buf_put, dma_buf_unmap_attachment_unlocked, type dma_buf_attachment, type dma_buf_ops } from 'linux/dma-buf'
import { dma_fence, dma_fence_context_alloc, dma_fence_init, dma_fence_put, dma_fence_signal } from 'linux/dma-fence'
import { DMA_TO_DEVICE } from 'linux/dma-mapping'
import { dma_resv_add_fence, dma_resv_lock, dma_resv_reserve_fences, dma_resv_unlock, DMA_RESV_USAGE_KERNEL } from 'linux/dma-resv'
import { msleep } from 'linux/delay'
import { IS_ERR, PTR_ERR_OR_ZERO } from 'linux/err'
import { kthread_run, kthread_should_stop, kthread_stop } from 'linux/kthread'
import { GFP_KERNEL, kzalloc } from 'linux/slab'
import { KLAB, KLAB_PROBE } from './klab'
import { xd, xd_dev, xd_export, xd_map, xd_release, xd_unmap } from './klab_dbuf'

/** A static importer of a buffer that can move: pinned while mapped, and it waits for the move. */
let pin_ret = 0
const pin = (a: dma_buf_attachment) => {
  KLAB('op', 'pin ret=%d', pin_ret)
  return pin_ret
}
const unpin = (a: dma_buf_attachment) => void KLAB('op', 'unpin')
const ops: dma_buf_ops = { pin, unpin, map_dma_buf: xd_map, unmap_dma_buf: xd_unmap, release: xd_release }
const names = { get_driver_name: () => 'klab', get_timeline_name: () => 'line' }
let move: dma_fence
function mover(arg: null) {
  msleep(100)
  KLAB('move', 'done=1')
  dma_fence_signal(move)
  while (!kthread_should_stop()) msleep(10)
  return 0
}
function probe() {
  const b = xd_export(ops)
  const a = dma_buf_attach(b, xd_dev(0))
  pin_ret = -16
  KLAB('map', 'busy=%ld', PTR_ERR_OR_ZERO(dma_buf_map_attachment_unlocked(a, DMA_TO_DEVICE)))
  pin_ret = -12
  KLAB('map', 'nomem=%ld', PTR_ERR_OR_ZERO(dma_buf_map_attachment_unlocked(a, DMA_TO_DEVICE)))
  pin_ret = 0
  xd.map_ret = -5
  KLAB('map', 'failed=%ld', PTR_ERR_OR_ZERO(dma_buf_map_attachment_unlocked(a, DMA_TO_DEVICE)))
  xd.map_ret = 0
  move = kzalloc(dma_fence, GFP_KERNEL)!
  dma_fence_init(move, names, null, dma_fence_context_alloc(1), 1)
  dma_resv_lock(b.resv!, null)
  dma_resv_reserve_fences(b.resv!, 1)
  dma_resv_add_fence(b.resv!, move, DMA_RESV_USAGE_KERNEL)
  dma_resv_unlock(b.resv!)
  const t = kthread_run(mover, null, 'mover')
  const table = dma_buf_map_attachment_unlocked(a, DMA_TO_DEVICE)
  KLAB('map', 'ok=%d', !IS_ERR(table))
  dma_buf_unmap_attachment_unlocked(a, table, DMA_TO_DEVICE)
  kthread_stop(t)
  dma_fence_put(move)
  dma_buf_detach(b, a)
  dma_buf_put(b)
}
KLAB_PROBE('dbuf-static-pin', probe)
