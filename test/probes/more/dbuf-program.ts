import { DEFINE_DMA_BUF_EXPORT_INFO, dma_buf_export, dma_buf_fd, type dma_buf, type dma_buf_ops } from 'linux/dma-buf'
import { dma_fence, dma_fence_context_alloc, dma_fence_init, dma_fence_put, dma_fence_signal } from 'linux/dma-fence'
import { dma_resv_add_fence, dma_resv_lock, dma_resv_reserve_fences, dma_resv_unlock, DMA_RESV_USAGE_WRITE } from 'linux/dma-resv'
import { O_RDWR, type file, type file_operations } from 'linux/fs'
import { misc_deregister, misc_register, MISC_DYNAMIC_MINOR, miscdevice } from 'linux/miscdevice'
import { THIS_MODULE } from 'linux/module'
import { GFP_KERNEL, kzalloc } from 'linux/slab'
import { KLAB, KLAB_PROBE_EXIT } from './klab'
import { xd_map, xd_release, xd_unmap } from './klab_dbuf'

/** A buffer for a program; call 1 makes it, 2 adds a fence of a writer, 3 signals that. */
const ops: dma_buf_ops = {
  map_dma_buf: xd_map,
  unmap_dma_buf: xd_unmap,
  release: xd_release,
  begin_cpu_access(b, dir) {
    KLAB('op', 'begin dir=%d', dir)
    return 0
  },
  end_cpu_access(b, dir) {
    KLAB('op', 'end dir=%d', dir)
    return 0
  },
}
const names = { get_driver_name: () => 'klab', get_timeline_name: () => 'line' }
let buffer: dma_buf
let writer: dma_fence

function io(f: file, cmd: number, arg: unknown): number {
  if (cmd === 1) {
    const e = DEFINE_DMA_BUF_EXPORT_INFO('e')
    e.ops = ops
    e.size = 8192
    e.flags = O_RDWR
    e.priv = 1
    buffer = dma_buf_export(e)
    return dma_buf_fd(buffer, 0)
  }
  if (cmd === 2) {
    writer = kzalloc(dma_fence, GFP_KERNEL)!
    dma_fence_init(writer, names, null, dma_fence_context_alloc(1), 1)
    dma_resv_lock(buffer.resv!, null)
    dma_resv_reserve_fences(buffer.resv!, 1)
    dma_resv_add_fence(buffer.resv!, writer, DMA_RESV_USAGE_WRITE)
    dma_resv_unlock(buffer.resv!)
  } else {
    dma_fence_signal(writer)
    dma_fence_put(writer)
  }
  return 0
}
const fo: file_operations = { owner: THIS_MODULE, unlocked_ioctl: io }
const md = new miscdevice()
function probe() {
  md.minor = MISC_DYNAMIC_MINOR
  md.name = 'klabdev'
  md.fops = fo
  KLAB('misc', 'register=%d', misc_register(md))
}
KLAB_PROBE_EXIT('dbuf-program', probe, () => misc_deregister(md))
