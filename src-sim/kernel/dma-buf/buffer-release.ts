import { machine } from '../../engine/current'
import { call, point, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { step } from '../api'
import { modulePut } from '../base/module'
import { emit } from '../emit'
import type { file } from '../fs/file'
import type { RefOwner } from '../locking/ref-ledger'
import { isEmpty } from '../locking/list'
import { slab } from '../mm/slab'
import { memoryAccess } from '../mm/watch'
import { bugBuffer, warnBuffer, type dma_buf } from './buffer'
import { removeBuffer } from './buffer-list'
import { finiResv } from './resv'

/** The reference on the exporter's module that a buffer has for its operations. */
export const operationsOf = (dmabuf: dma_buf): RefOwner => ({
  holder: dmabuf,
  why: 'operations of a shared buffer',
})

const RELEASES = { $name: 'dma_buf_release' }

/** `f_op->release` of a buffer: off the list, and then the end (DBUF-06). */
export function* releaseBufferFile(_inode: unknown, f: file): Sim<number> {
  const dmabuf = f.private_data as dma_buf
  yield* removeBuffer(dmabuf)
  yield* step('dma_buf_release', releaseBuffer(dmabuf))
  return 0
}

const ownsResv = (dmabuf: dma_buf): boolean => dmabuf.resv?.$parent === dmabuf

function* releaseBuffer(dmabuf: dma_buf): Sim {
  yield point(RELEASES, dmabuf)
  if (dmabuf.vmapping_counter !== 0) bugBuffer('dma_buf_release', 'DBUF-38')
  if (dmabuf.cb_in.active || dmabuf.cb_out.active) bugBuffer('dma_buf_release', 'DBUF-06')
  emit(ev.dma_buf_release, dmabuf, dmabuf.file)
  const { ops } = dmabuf
  memoryAccess(machine()).touch(ops!, 'release', false, 'dma_buf_release')
  yield* call(() => ops!.release(dmabuf))
  if (ownsResv(dmabuf)) yield* finiResv(dmabuf.resv!)
  if (!isEmpty(dmabuf.attachments)) warnBuffer('attached', ':188 at dma_buf_release', 'DBUF-06')
  modulePut(dmabuf.owner, operationsOf(dmabuf))
  emit(ev.dma_buf_free, dmabuf)
  slab(machine()).free(dmabuf)
}
