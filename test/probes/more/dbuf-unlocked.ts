import { dma_buf_detach, dma_buf_dynamic_attach, dma_buf_invalidate_mappings, dma_buf_map_attachment, dma_buf_pin, dma_buf_put, dma_buf_unmap_attachment, dma_buf_unpin, type dma_buf_attachment, type dma_buf_ops } from 'linux/dma-buf'
import { DMA_TO_DEVICE } from 'linux/dma-mapping'
import { IS_ERR } from 'linux/err'
import { KLAB, KLAB_PROBE } from './klab'
import { xd_dev, xd_export, xd_map, xd_release, xd_unmap } from './klab_dbuf'

/** Calls without the lock that they need: each says so, and goes on. */
const pin = (a: dma_buf_attachment) => {
  KLAB('op', 'pin')
  return 0
}
const unpin = (a: dma_buf_attachment) => void KLAB('op', 'unpin')
const inv = (a: dma_buf_attachment) => void KLAB('importer', 'invalidate')
const ops: dma_buf_ops = { pin, unpin, map_dma_buf: xd_map, unmap_dma_buf: xd_unmap, release: xd_release }
function probe() {
  const b = xd_export(ops)
  const a = dma_buf_dynamic_attach(b, xd_dev(0), { invalidate_mappings: inv }, null)
  KLAB('pin', 'ret=%d', dma_buf_pin(a))
  const t = dma_buf_map_attachment(a, DMA_TO_DEVICE)
  KLAB('map', 'ok=%d', !IS_ERR(t))
  dma_buf_invalidate_mappings(b)
  dma_buf_unmap_attachment(a, t, DMA_TO_DEVICE)
  dma_buf_unpin(a)
  dma_buf_detach(b, a)
  dma_buf_put(b)
}
KLAB_PROBE('dbuf-unlocked', probe)
