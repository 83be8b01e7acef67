import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { scatterlist, sg_table } from '../dma/sg'
import { emit } from '../emit'
import { errPtr, isErr } from '../err'
import { EBUSY, EINVAL, ENOMEM } from '../errno'
import { slab } from '../mm/slab'
import { faultInjection } from '../mm/fault-injection'
import { memoryAccess } from '../mm/watch'
import { mightSleep } from '../sched/schedule'
import { MAX_SCHEDULE_TIMEOUT } from '../time/clock'
import {
  assertBufferLocked,
  isDynamic,
  useBuffer,
  warnBuffer,
  type dma_buf_attachment,
  type dma_buf_ops,
} from './buffer'
import { buffers } from './buffer-list'
import { lockResv, unlockResv, USAGE_KERNEL } from './resv'
import { waitResv } from './resv-iter'

/** The exporter's operations; their memory goes with its module. */
function exporterOps(attach: dma_buf_attachment, inside: string): dma_buf_ops {
  const ops = attach.dmabuf!.ops!
  memoryAccess(machine()).touch(ops, 'map_dma_buf', false, inside)
  return ops
}

/** Whether the core pins for the time of a mapping: a static importer cannot follow (DBUF-14). */
const pinsOnMap = (attach: dma_buf_attachment): boolean =>
  !isDynamic(attach) && Boolean(attach.dmabuf!.ops!.pin)

function* callPin(attach: dma_buf_attachment): Sim<number> {
  const { pin } = exporterOps(attach, 'dma_buf_pin')
  const ret = pin ? Number((yield* call(() => pin(attach))) ?? 0) : 0
  if (ret === 0) emit(ev.dma_buf_pin, attach, attach.dmabuf, ret)
  return ret
}

function* callUnpin(attach: dma_buf_attachment): Sim {
  const { unpin } = exporterOps(attach, 'dma_buf_unpin')
  emit(ev.dma_buf_unpin, attach, attach.dmabuf)
  if (unpin) yield* call(() => unpin(attach))
}

/** Keeps the buffer where it is, though not from being taken away: 0 or the exporter's -errno. */
export function* pinBuffer(attach: dma_buf_attachment): Sim<number> {
  useBuffer(attach, 'dmabuf', false, 'dma_buf_pin')
  if (!isDynamic(attach)) warnBuffer('static-pin', ' at dma_buf_pin', 'DBUF-18')
  assertBufferLocked(attach.dmabuf!, 'dma_buf_pin')
  return yield* callPin(attach)
}

export function* unpinBuffer(attach: dma_buf_attachment): Sim {
  useBuffer(attach, 'dmabuf', false, 'dma_buf_unpin')
  if (!isDynamic(attach)) warnBuffer('static-pin', ' at dma_buf_unpin', 'DBUF-18')
  assertBufferLocked(attach.dmabuf!, 'dma_buf_unpin')
  yield* callUnpin(attach)
}

/** The buffer as the attached device sees it, or an error pointer (DBUF-13 to 17). */
export function* mapAttachment(attach: dma_buf_attachment | null, dir: number): Sim<sg_table> {
  mightSleep('dma_buf_map_attachment')
  if (attach) useBuffer(attach, 'dmabuf', false, 'dma_buf_map_attachment')
  if (!attach?.dmabuf) {
    warnBuffer('null', ' at dma_buf_map_attachment', 'DBUF-13')
    return errPtr(-EINVAL)
  }
  assertBufferLocked(attach.dmabuf, 'dma_buf_map_attachment')
  const pins = pinsOnMap(attach)
  if (pins) {
    const ret = yield* callPin(attach)
    if (ret === -EBUSY) warnBuffer('pin-busy', ' at dma_buf_map_attachment', 'DBUF-14', true)
    if (ret) return errPtr(ret)
  }
  const table = yield* mapPinned(attach, dir)
  if (pins && isErr(table)) yield* callUnpin(attach)
  return table
}

function* mapPinned(attach: dma_buf_attachment, dir: number): Sim<sg_table> {
  const ops = exporterOps(attach, 'dma_buf_map_attachment')
  const table = (yield* call(() => ops.map_dma_buf(attach, dir))) ?? errPtr<sg_table>(-ENOMEM)
  if (isErr(table)) return table
  const ready = yield* contentReady(attach)
  const wrapped = ready < 0 ? errPtr<sg_table>(ready) : wrapTable(table)
  if (isErr(wrapped)) {
    yield* call(() => ops.unmap_dma_buf(attach, table, dir))
    return wrapped
  }
  emit(ev.dma_buf_map_attachment, attach, attach.dmabuf, wrapped, dir)
  return wrapped
}

/** Static importers get the buffer when its content is there; others have to wait (DBUF-15). */
function* contentReady(attach: dma_buf_attachment): Sim<number> {
  if (isDynamic(attach)) return 0
  return yield* waitResv(attach.dmabuf!.resv!, USAGE_KERNEL, true, MAX_SCHEDULE_TIMEOUT)
}

/** Ends a mapping, which the device must not use any more (DBUF-16). */
export function* unmapAttachment(
  attach: dma_buf_attachment | null,
  table: sg_table | null,
  dir: number,
): Sim {
  mightSleep('dma_buf_unmap_attachment')
  if (attach) useBuffer(attach, 'dmabuf', false, 'dma_buf_unmap_attachment')
  if (!attach?.dmabuf || !table)
    return warnBuffer('null', ' at dma_buf_unmap_attachment', 'DBUF-16')
  assertBufferLocked(attach.dmabuf, 'dma_buf_unmap_attachment')
  emit(ev.dma_buf_unmap_attachment, attach, attach.dmabuf, table, dir)
  const original = unwrapTable(table)
  const ops = exporterOps(attach, 'dma_buf_unmap_attachment')
  yield* call(() => ops.unmap_dma_buf(attach, original, dir))
  if (pinsOnMap(attach)) yield* callUnpin(attach)
}

/** A copy for an importer, with the addresses for the device and nothing for the CPU. */
class WrappedTable extends sg_table {
  /** @internal */
  $original: sg_table | null = null
}

function wrapTable(table: sg_table): sg_table {
  if (!buffers(machine()).debug) return table
  if (faultInjection(machine()).shouldFail('dma_buf_wrap_sg_table')) return errPtr(-ENOMEM)
  const copy = slab(machine()).alloc(new WrappedTable(), 32)
  if (copy === null) return errPtr(-ENOMEM)
  copy.$original = table
  copy.sgl = table.sgl.slice(0, table.nents).map((from) => {
    const sg = new scatterlist()
    sg.dma_address = from.dma_address
    sg.dma_length = from.dma_length
    return sg
  })
  copy.sgl.forEach((sg, i) => {
    sg.$next = copy.sgl[i + 1] ?? null
    sg.$last = sg.$next === null
  })
  copy.nents = table.nents
  return copy
}

function unwrapTable(table: sg_table): sg_table {
  if (!buffers(machine()).debug) return table
  const original = (table as WrappedTable).$original
  if (!original) throw new TypeError("Cannot read properties of null (reading 'sgl')")
  slab(machine()).free(table)
  return original
}

/** Runs `body` with the reservation lock of the attachment's buffer held. */
function* underLock<T>(attach: dma_buf_attachment, body: () => Sim<T>): Sim<T> {
  const resv = attach.dmabuf!.resv!
  yield* lockResv(resv)
  const result = yield* body()
  unlockResv(resv)
  return result
}

export function* mapAttachmentUnlocked(
  attach: dma_buf_attachment | null,
  dir: number,
): Sim<sg_table> {
  mightSleep('dma_buf_map_attachment_unlocked')
  if (attach) useBuffer(attach, 'dmabuf', false, 'dma_buf_map_attachment_unlocked')
  if (attach?.dmabuf) return yield* underLock(attach, () => mapAttachment(attach, dir))
  warnBuffer('null', ' at dma_buf_map_attachment_unlocked', 'DBUF-13')
  return errPtr(-EINVAL)
}

export function* unmapAttachmentUnlocked(
  attach: dma_buf_attachment | null,
  table: sg_table | null,
  dir: number,
): Sim {
  mightSleep('dma_buf_unmap_attachment_unlocked')
  if (attach) useBuffer(attach, 'dmabuf', false, 'dma_buf_unmap_attachment_unlocked')
  if (attach?.dmabuf && table) yield* underLock(attach, () => unmapAttachment(attach, table, dir))
  else warnBuffer('null', ' at dma_buf_unmap_attachment_unlocked', 'DBUF-16')
}
