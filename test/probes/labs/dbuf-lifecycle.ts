import { msleep } from 'linux/delay'
import { dma_buf_attach, dma_buf_detach, dma_buf_map_attachment_unlocked, dma_buf_put, dma_buf_unmap_attachment_unlocked, type dma_buf_ops } from 'linux/dma-buf'
import { DMA_TO_DEVICE } from 'linux/dma-mapping'
import { IS_ERR } from 'linux/err'
import { flush_delayed_fput } from 'linux/file'
import { file_count } from 'linux/fs'
import { KLAB, KLAB_PROBE } from './klab'
import { xd_attach, xd_detach, xd_dev, xd_export, xd_map, xd_release, xd_unmap } from './klab_dbuf'

const ops: dma_buf_ops = { attach: xd_attach, detach: xd_detach, map_dma_buf: xd_map, unmap_dma_buf: xd_unmap, release: xd_release }
function probe() {
  const b = xd_export(ops)
  KLAB('export', 'ok=%d file_refs=%lu', !IS_ERR(b), file_count(b.file!))
  const a = dma_buf_attach(b, xd_dev(0))
  const c = dma_buf_attach(b, xd_dev(1))
  KLAB('attach', 'ok=%d,%d dynamic=%d', !IS_ERR(a), !IS_ERR(c), !!a.importer_ops)
  const t = dma_buf_map_attachment_unlocked(a, DMA_TO_DEVICE)
  KLAB('map', 'ok=%d nents=%u', !IS_ERR(t), IS_ERR(t) ? 0 : t.nents)
  dma_buf_unmap_attachment_unlocked(a, t, DMA_TO_DEVICE)
  dma_buf_detach(b, a)
  dma_buf_detach(b, c)
  KLAB('put', 'file_refs=%lu', file_count(b.file!))
  dma_buf_put(b)
  KLAB('put', 'returned=1')
  flush_delayed_fput()
  msleep(100)
}
KLAB_PROBE('dbuf-lifecycle', probe)
