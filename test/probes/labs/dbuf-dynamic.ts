import { dev_name } from 'linux/device'
import { dma_buf_attach, dma_buf_detach, dma_buf_dynamic_attach, dma_buf_invalidate_mappings, dma_buf_map_attachment, dma_buf_map_attachment_unlocked, dma_buf_pin, dma_buf_put, dma_buf_unmap_attachment, dma_buf_unmap_attachment_unlocked, dma_buf_unpin, type dma_buf_attach_ops, type dma_buf_attachment, type dma_buf_ops } from 'linux/dma-buf'
import { DMA_BIDIRECTIONAL, DMA_TO_DEVICE } from 'linux/dma-mapping'
import { dma_resv_is_locked, dma_resv_lock, dma_resv_unlock } from 'linux/dma-resv'
import { IS_ERR } from 'linux/err'
import { KLAB, KLAB_PROBE } from './klab'
import { xd_attach, xd_detach, xd_dev, xd_export, xd_map, xd_release, xd_unmap } from './klab_dbuf'

function pin(a: dma_buf_attachment) {
  KLAB('op', 'pin resv_locked=%d', dma_resv_is_locked(a.dmabuf!.resv!))
  return 0
}
function unpin(a: dma_buf_attachment) {
  KLAB('op', 'unpin')
}
function inv(a: dma_buf_attachment) {
  KLAB('importer', 'invalidate dev=%s resv_locked=%d', dev_name(a.dev!), dma_resv_is_locked(a.dmabuf!.resv!))
}
const io: dma_buf_attach_ops = { allow_peer2peer: false, invalidate_mappings: inv }
const ops: dma_buf_ops = { attach: xd_attach, detach: xd_detach, pin, unpin, map_dma_buf: xd_map, unmap_dma_buf: xd_unmap, release: xd_release }
function probe() {
  const b = xd_export(ops)
  const a = dma_buf_dynamic_attach(b, xd_dev(0), io, null)
  const s = dma_buf_attach(b, xd_dev(1))
  KLAB('attach', 'ok=%d,%d', !IS_ERR(a), !IS_ERR(s))
  dma_resv_lock(b.resv!, null)
  const r = dma_buf_pin(a)
  KLAB('pin', 'ret=%d', r)
  dma_buf_unpin(a)
  let t = dma_buf_map_attachment(a, DMA_BIDIRECTIONAL)
  KLAB('map', 'dynamic_unpinned=%d', !IS_ERR(t))
  dma_buf_invalidate_mappings(b)
  KLAB('invalidate', 'returned=1')
  dma_buf_unmap_attachment(a, t, DMA_BIDIRECTIONAL)
  dma_resv_unlock(b.resv!)
  t = dma_buf_map_attachment_unlocked(s, DMA_TO_DEVICE)
  KLAB('map', 'static=%d', !IS_ERR(t))
  dma_buf_unmap_attachment_unlocked(s, t, DMA_TO_DEVICE)
  dma_buf_detach(b, s)
  dma_buf_detach(b, a)
  dma_buf_put(b)
}
KLAB_PROBE('dbuf-dynamic', probe)
