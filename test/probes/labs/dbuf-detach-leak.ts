import { dma_buf_attach, dma_buf_map_attachment_unlocked, dma_buf_put, type dma_buf_ops } from 'linux/dma-buf'
import { DMA_TO_DEVICE } from 'linux/dma-mapping'
import { IS_ERR } from 'linux/err'
import { KLAB, KLAB_PROBE } from './klab'
import { xd_attach, xd_detach, xd_dev, xd_export, xd_map, xd_release, xd_unmap } from './klab_dbuf'

const ops: dma_buf_ops = { attach: xd_attach, detach: xd_detach, map_dma_buf: xd_map, unmap_dma_buf: xd_unmap, release: xd_release }
function probe() {
  const b = xd_export(ops)
  const a = dma_buf_attach(b, xd_dev(0))
  const t = dma_buf_map_attachment_unlocked(a, DMA_TO_DEVICE)
  KLAB('map', 'ok=%d', !IS_ERR(t))
  dma_buf_put(b)
  KLAB('put', 'returned=1')
}
KLAB_PROBE('dbuf-detach-leak', probe)
