import { DEFINE_DMA_BUF_EXPORT_INFO, dma_buf_attach, dma_buf_begin_cpu_access, dma_buf_detach, dma_buf_export, dma_buf_fd, dma_buf_get, dma_buf_map_attachment_unlocked, dma_buf_put, dma_buf_vmap_unlocked, type dma_buf_ops } from 'linux/dma-buf'
import { DMA_TO_DEVICE } from 'linux/dma-mapping'
import { PTR_ERR_OR_ZERO } from 'linux/err'
import { iosys_map } from 'linux/iosys-map'
import { KLAB, KLAB_PROBE } from './klab'
import { xd, xd_attach, xd_dev, xd_export, xd_map, xd_release, xd_unmap } from './klab_dbuf'

/** What the functions answer to what they should not be given. */
const ops: dma_buf_ops = { attach: xd_attach, map_dma_buf: xd_map, unmap_dma_buf: xd_unmap, release: xd_release }
function exported(name: string, o: Partial<dma_buf_ops> | null, priv: unknown) {
  const e = DEFINE_DMA_BUF_EXPORT_INFO('e')
  e.ops = o as dma_buf_ops | null
  e.size = 4096
  e.priv = priv
  KLAB('export', '%s=%ld', name, PTR_ERR_OR_ZERO(dma_buf_export(e)))
}
function probe() {
  exported('no_priv', ops, null)
  exported('no_ops', null, 1)
  exported('no_map', { ...ops, map_dma_buf: undefined }, 1)
  exported('pin_alone', { ...ops, pin: () => 0 }, 1)
  const b = xd_export(ops)
  const d = xd_dev(0)
  KLAB('attach', 'null_buf=%ld null_dev=%ld', PTR_ERR_OR_ZERO(dma_buf_attach(null, d)), PTR_ERR_OR_ZERO(dma_buf_attach(b, null)))
  xd.attach_ret = -16
  KLAB('attach', 'refused=%ld', PTR_ERR_OR_ZERO(dma_buf_attach(b, d)))
  xd.attach_ret = 0
  const a = dma_buf_attach(b, d)
  xd.map_ret = 1
  KLAB('map', 'null=%ld', PTR_ERR_OR_ZERO(dma_buf_map_attachment_unlocked(a, DMA_TO_DEVICE)))
  xd.map_ret = -4
  KLAB('map', 'error=%ld', PTR_ERR_OR_ZERO(dma_buf_map_attachment_unlocked(a, DMA_TO_DEVICE)))
  KLAB('vmap', 'no_op=%d', dma_buf_vmap_unlocked(b, new iosys_map()))
  KLAB('cpu', 'null=%d', dma_buf_begin_cpu_access(null, DMA_TO_DEVICE))
  KLAB('fd', 'null=%d bad=%ld', dma_buf_fd(null, 0), PTR_ERR_OR_ZERO(dma_buf_get(900)))
  dma_buf_detach(b, a)
  dma_buf_put(b)
}
KLAB_PROBE('dbuf-wrong-exports', probe)
