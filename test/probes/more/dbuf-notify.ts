import { dev_name } from 'linux/device'
import { dma_buf_attach, dma_buf_attach_revocable, dma_buf_detach, dma_buf_dynamic_attach, dma_buf_invalidate_mappings, dma_buf_put, type dma_buf_attach_ops, type dma_buf_attachment, type dma_buf_ops } from 'linux/dma-buf'
import { dma_resv_lock, dma_resv_trylock, dma_resv_unlock } from 'linux/dma-resv'
import { KLAB, KLAB_PROBE } from './klab'
import { xd_dev, xd_export, xd_map, xd_release, xd_unmap } from './klab_dbuf'

/** Who is told, and in which order. */
const inv = (a: dma_buf_attachment) => {
  KLAB('importer', 'invalidate dev=%s priv=%s trylock=%d', dev_name(a.dev!), a.importer_priv, dma_resv_trylock(a.dmabuf!.resv!))
}
const io: dma_buf_attach_ops = { allow_peer2peer: true, invalidate_mappings: inv }
const ops: dma_buf_ops = { map_dma_buf: xd_map, unmap_dma_buf: xd_unmap, release: xd_release }
function probe() {
  const b = xd_export(ops)
  const one = dma_buf_dynamic_attach(b, xd_dev(0), io, 'one')
  const still = dma_buf_attach(b, xd_dev(1))
  const mute = dma_buf_dynamic_attach(b, xd_dev(2), {}, 'mute')
  const two = dma_buf_dynamic_attach(b, xd_dev(3), io, 'two')
  KLAB('attach', 'revocable=%d,%d,%d', dma_buf_attach_revocable(one), dma_buf_attach_revocable(still), dma_buf_attach_revocable(mute))
  KLAB('attach', 'peer2peer=%d,%d,%d', one.peer2peer, still.peer2peer, mute.peer2peer)
  for (let i = 0; i < 2; i++) {
    dma_resv_lock(b.resv!, null)
    dma_buf_invalidate_mappings(b)
    dma_resv_unlock(b.resv!)
    KLAB('invalidate', 'round=%d', i)
    if (i === 0) dma_buf_detach(b, two)
  }
  for (const a of [one, still, mute]) dma_buf_detach(b, a)
  dma_buf_put(b)
}
KLAB_PROBE('dbuf-notify', probe)
