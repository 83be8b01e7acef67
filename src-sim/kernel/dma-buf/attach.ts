import { machine } from '../../engine/current'
import { call, point, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import type { device } from '../base/device'
import { emit } from '../emit'
import { errPtr } from '../err'
import { EINVAL, ENOMEM } from '../errno'
import { insert, ListWalk, ownerOf, unlinkEntry, type list_head } from '../locking/list'
import { embedMembers } from '../mm/embed'
import { slab } from '../mm/slab'
import { memoryAccess } from '../mm/watch'
import {
  assertBufferLocked,
  dma_buf_attachment,
  isDynamic,
  useBuffer,
  warnBuffer,
  type dma_buf,
  type dma_buf_attach_ops,
} from './buffer'
import { lockResv, unlockResv } from './resv'

const ATTACHMENT_BYTES = 88

/** Where others come in between the exporter's answer and the list, which the lock guards. */
const LINKS = { $name: 'dma_resv_lock' }

/** A device's share in a buffer, or an error pointer (DBUF-07, DBUF-08). */
export function* attachTo(
  dmabuf: dma_buf | null,
  dev: device | null,
  importerOps: dma_buf_attach_ops | null,
  importerPriv: unknown,
): Sim<dma_buf_attachment> {
  if (!dmabuf || !dev) {
    warnBuffer('null', ' at dma_buf_dynamic_attach', 'DBUF-07')
    return errPtr(-EINVAL)
  }
  useBuffer(dmabuf, 'ops', false, 'dma_buf_dynamic_attach')
  const attach = slab(machine()).alloc(new dma_buf_attachment(), ATTACHMENT_BYTES)
  if (attach === null) return errPtr(-ENOMEM)
  embedMembers(attach)
  attach.$label = `attachment of ${dev.$label}`
  attach.dev = dev
  attach.dmabuf = dmabuf
  attach.peer2peer = importerOps?.allow_peer2peer ?? false
  attach.importer_ops = importerOps
  attach.importer_priv = importerPriv
  const refused = yield* exporterAttaches(dmabuf, attach)
  if (refused) {
    slab(machine()).free(attach)
    return errPtr(refused)
  }
  yield point(LINKS, dmabuf)
  yield* lockResv(dmabuf.resv!)
  insert(attach.node, dmabuf.attachments, dmabuf.attachments.next!)
  unlockResv(dmabuf.resv!)
  const { exp_name, $ino } = dmabuf
  emit(ev.dma_buf_dynamic_attach, attach, dmabuf, dev, exp_name, $ino, importerOps !== null)
  return attach
}

function* exporterAttaches(dmabuf: dma_buf, attach: dma_buf_attachment): Sim<number> {
  const ops = dmabuf.ops!
  if (!ops.attach) return 0
  return Number((yield* call(() => ops.attach!(dmabuf, attach))) ?? 0)
}

/** Ends it. Mappings and pins must have been undone: nobody looks (DBUF-10). */
export function* detachFrom(dmabuf: dma_buf | null, attach: dma_buf_attachment | null): Sim {
  if (attach) useBuffer(attach, 'dmabuf', false, 'dma_buf_detach')
  if (!dmabuf || !attach || attach.dmabuf !== dmabuf)
    return warnBuffer('null', ' at dma_buf_detach', 'DBUF-10')
  useBuffer(dmabuf, 'resv', false, 'dma_buf_detach')
  yield* lockResv(dmabuf.resv!)
  unlinkEntry(attach.node, false)
  unlockResv(dmabuf.resv!)
  yield point(LINKS, attach)
  const ops = dmabuf.ops!
  memoryAccess(machine()).touch(ops, 'detach', false, 'dma_buf_detach')
  if (ops.detach) yield* call(() => ops.detach!(dmabuf, attach))
  const { exp_name, $ino } = dmabuf
  emit(ev.dma_buf_detach, attach, dmabuf, attach.dev, exp_name, $ino, isDynamic(attach))
  slab(machine()).free(attach)
}

/** Whether the exporter can take the buffer away from this importer (DBUF-25). */
export const isRevocable = (attach: dma_buf_attachment): boolean =>
  Boolean(attach.importer_ops?.invalidate_mappings)

/** Tells the importers that what they have mapped gets stale; waits for nothing (DBUF-19). */
export function* invalidateMappings(dmabuf: dma_buf): Sim {
  assertBufferLocked(dmabuf, 'dma_buf_invalidate_mappings')
  const owner = (entry: list_head): dma_buf_attachment => ownerOf(entry, 'node')
  for (const attach of new ListWalk(dmabuf.attachments, false, true, owner)) {
    const ops = attach.importer_ops
    if (ops) memoryAccess(machine()).touch(ops, 'invalidate_mappings', false)
    const hook = ops?.invalidate_mappings
    if (!hook) continue
    emit(ev.dma_buf_invalidate_mappings, attach, dmabuf)
    yield* call(() => hook(attach))
  }
}
