import { dma_buf_put, dma_buf_vmap_unlocked, dma_buf_vunmap_unlocked, type dma_buf, type dma_buf_ops } from 'linux/dma-buf'
import { dma_resv_is_locked } from 'linux/dma-resv'
import { iosys_map, iosys_map_set_vaddr } from 'linux/iosys-map'
import { KLAB, KLAB_PROBE } from './klab'
import { xd_export, xd_map, xd_release, xd_unmap } from './klab_dbuf'

function vm(b: dma_buf, m: iosys_map) {
  KLAB('op', 'vmap resv_locked=%d', dma_resv_is_locked(b.resv!))
  iosys_map_set_vaddr(m, b)
  return 0
}
function vu(b: dma_buf, m: iosys_map) {
  KLAB('op', 'vunmap')
}
const ops: dma_buf_ops = { map_dma_buf: xd_map, unmap_dma_buf: xd_unmap, release: xd_release, vmap: vm, vunmap: vu }
function probe() {
  const b = xd_export(ops)
  const m = new iosys_map()
  const n = new iosys_map()
  KLAB('vmap', 'first=%d', dma_buf_vmap_unlocked(b, m))
  KLAB('vmap', 'second=%d same=%d', dma_buf_vmap_unlocked(b, n), m.vaddr === n.vaddr)
  dma_buf_vunmap_unlocked(b, m)
  KLAB('vunmap', 'first=1')
  dma_buf_vunmap_unlocked(b, n)
  KLAB('vunmap', 'second=1')
  dma_buf_put(b)
}
KLAB_PROBE('dbuf-vmap', probe)
