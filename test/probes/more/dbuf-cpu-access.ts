import { dma_buf_begin_cpu_access, dma_buf_end_cpu_access, dma_buf_put, type dma_buf, type dma_buf_ops } from 'linux/dma-buf'
import { dma_fence, dma_fence_context_alloc, dma_fence_init, dma_fence_put, dma_fence_signal } from 'linux/dma-fence'
import { DMA_BIDIRECTIONAL, DMA_FROM_DEVICE, DMA_TO_DEVICE } from 'linux/dma-mapping'
import { dma_resv_add_fence, dma_resv_lock, dma_resv_reserve_fences, dma_resv_unlock, DMA_RESV_USAGE_BOOKKEEP, DMA_RESV_USAGE_READ, DMA_RESV_USAGE_WRITE } from 'linux/dma-resv'
import { msleep } from 'linux/delay'
import { kthread_run, kthread_should_stop, kthread_stop } from 'linux/kthread'
import { GFP_KERNEL, kzalloc } from 'linux/slab'
import { KLAB, KLAB_PROBE } from './klab'
import { xd_export, xd_map, xd_release, xd_unmap } from './klab_dbuf'

/** What the CPU waits for before it reads or writes a buffer that a device uses. */
const ops: dma_buf_ops = {
  map_dma_buf: xd_map,
  unmap_dma_buf: xd_unmap,
  release: xd_release,
  begin_cpu_access(b, dir) {
    KLAB('op', 'begin dir=%d', dir)
    return 0
  },
}
const names = { get_driver_name: () => 'klab', get_timeline_name: () => 'line' }
let over = false
function finish(fence: dma_fence) {
  msleep(50)
  over = true
  dma_fence_signal(fence)
  while (!kthread_should_stop()) msleep(10)
  return 0
}
function access(b: dma_buf, usage: number, dir: number) {
  const fence = kzalloc(dma_fence, GFP_KERNEL)!
  dma_fence_init(fence, names, null, dma_fence_context_alloc(1), 1)
  dma_resv_lock(b.resv!, null)
  dma_resv_reserve_fences(b.resv!, 1)
  dma_resv_add_fence(b.resv!, fence, usage)
  dma_resv_unlock(b.resv!)
  over = false
  const t = kthread_run(finish, fence, 'device')
  const r = dma_buf_begin_cpu_access(b, dir)
  KLAB('begin', 'usage=%d dir=%d ret=%d waited=%d', usage, dir, r, over)
  KLAB('end', 'ret=%d', dma_buf_end_cpu_access(b, dir))
  msleep(100)
  kthread_stop(t)
  dma_fence_put(fence)
}
function probe() {
  const b = xd_export(ops)
  for (const usage of [DMA_RESV_USAGE_WRITE, DMA_RESV_USAGE_READ, DMA_RESV_USAGE_BOOKKEEP])
    for (const dir of [DMA_BIDIRECTIONAL, DMA_TO_DEVICE, DMA_FROM_DEVICE]) access(b, usage, dir)
  dma_buf_put(b)
}
KLAB_PROBE('dbuf-cpu-access', probe)
