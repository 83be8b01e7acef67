import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import type { device } from '../base/device'
import { attachTo, detachFrom } from '../dma-buf/attach'
import { assertBufferLocked, type dma_buf_attach_ops, type dma_buf_attachment } from '../dma-buf/buffer'
import { bufferOfFd, putBuffer } from '../dma-buf/export'
import { mapAttachment, pinBuffer, unmapAttachment, unpinBuffer } from '../dma-buf/map'
import { lockResv, unlockResv, USAGE_KERNEL } from '../dma-buf/resv'
import { waitResv } from '../dma-buf/resv-iter'
import type { scatterlist, sg_table } from '../dma/sg'
import { errPtr, isErr, ptrErr } from '../err'
import { EINVAL, ENOMEM, ETIMEDOUT } from '../errno'
import { embedMembers } from '../mm/embed'
import { slab } from '../mm/slab'
import { MAX_SCHEDULE_TIMEOUT } from '../time/clock'
import type { ib_device } from './device'
import { ib_umem, isWritable, pagesOf } from './umem'

const UMEM_BYTES = 160
const BIDIRECTIONAL = 0

/** A part of a shared buffer as memory of an RDMA device. */
export class ib_umem_dmabuf extends ib_umem {
  attach: dma_buf_attachment | null = null
  dmabuf_sgt: sg_table | null = null
  private: any = null
  pinned = false
  revoked = false
  /** Stops the device; called once, with the lock held, before what is mapped goes. */
  pinned_revoke: ((priv: any) => void) | null = null
  /** @internal What the ends of the exporter's list were before they were cut to the part. */
  $cut: { sg: scatterlist; address: number; length: number }[] = []
}

/** What a driver is told: where the part is, and who wants it. */
export interface UmemRequest {
  device: ib_device
  dmaDevice: device
  offset: number
  size: number
  fd: number
  access: number
}

/** Attaches, so that the driver is told of moves; nothing is mapped yet (DBUF-28). */
export function* getUmem(
  request: UmemRequest,
  ops: dma_buf_attach_ops | null,
): Sim<ib_umem_dmabuf> {
  const end = request.offset + request.size
  if (!Number.isSafeInteger(end) || !ops) return errPtr(-EINVAL)
  const dmabuf = bufferOfFd(request.fd)
  if (isErr(dmabuf)) return errPtr(ptrErr(dmabuf))
  const made = dmabuf.size < end ? errPtr<ib_umem_dmabuf>(-EINVAL) : newUmem(request)
  if (isErr(made)) {
    putBuffer(dmabuf)
    return made
  }
  const attach = yield* attachTo(dmabuf, request.dmaDevice, ops, made)
  if (isErr(attach)) {
    slab(machine()).free(made)
    putBuffer(dmabuf)
    return errPtr(ptrErr(attach))
  }
  made.attach = attach
  return made
}

function newUmem({ device, offset, size, access }: UmemRequest): ib_umem_dmabuf {
  const umem = slab(machine()).alloc(new ib_umem_dmabuf(), UMEM_BYTES)
  if (umem === null) return errPtr(-ENOMEM)
  embedMembers(umem)
  umem.ibdev = device
  umem.length = size
  umem.address = offset
  umem.writable = isWritable(access)
  umem.is_dmabuf = true
  if (pagesOf(umem) > 0) return umem
  slab(machine()).free(umem)
  return errPtr(-EINVAL)
}

/** With the lock held: maps, and waits until the content is there. 0 or -errno. */
export function* mapPages(umem: ib_umem_dmabuf): Sim<number> {
  const { dmabuf } = umem.attach!
  assertBufferLocked(dmabuf!, 'ib_umem_dmabuf_map_pages')
  if (umem.revoked) return -EINVAL
  if (umem.dmabuf_sgt === null) {
    const table = yield* mapAttachment(umem.attach, BIDIRECTIONAL)
    if (isErr(table)) return ptrErr(table)
    umem.dmabuf_sgt = table
    cutToPart(umem, table)
  }
  const left = yield* waitResv(dmabuf!.resv!, USAGE_KERNEL, false, MAX_SCHEDULE_TIMEOUT)
  return left < 0 ? left : left === 0 ? -ETIMEDOUT : 0
}

/** The device gets whole pages around the part: both ends of the list are cut where they stand. */
function cutToPart(umem: ib_umem_dmabuf, table: sg_table): void {
  const start = Math.floor(umem.address / PAGE_SIZE) * PAGE_SIZE
  const end = Math.ceil((umem.address + umem.length) / PAGE_SIZE) * PAGE_SIZE
  const part: scatterlist[] = []
  let at = 0
  for (const sg of table.sgl.slice(0, table.nents)) {
    const length = sg.dma_length
    const from = Math.max(start - at, 0)
    const to = Math.min(end - at, length)
    at += length
    if (from >= to) continue
    part.push(sg)
    if (from === 0 && to === length) continue
    umem.$cut.push({ sg, address: sg.dma_address, length })
    sg.dma_address += from
    sg.dma_length = to - from
  }
  umem.sgt.sgl = part
  umem.sgt.nents = part.length
}

/** With the lock held: gives back what is mapped, if anything is. */
export function* unmapPages(umem: ib_umem_dmabuf): Sim {
  assertBufferLocked(umem.attach!.dmabuf!, 'ib_umem_dmabuf_unmap_pages')
  const table = umem.dmabuf_sgt
  if (table === null) return
  for (const { sg, address, length } of umem.$cut.splice(0)) {
    sg.dma_address = address
    sg.dma_length = length
  }
  umem.sgt.sgl = []
  umem.sgt.nents = 0
  umem.dmabuf_sgt = null
  yield* unmapAttachment(umem.attach, table, BIDIRECTIONAL)
}

/** With the lock held: ends all use, for ever. A second time does nothing. */
export function* revokeLocked(umem: ib_umem_dmabuf): Sim {
  assertBufferLocked(umem.attach!.dmabuf!, 'ib_umem_dmabuf_revoke_locked')
  if (umem.revoked) return
  const stop = umem.pinned_revoke
  if (stop) yield* call(() => stop(umem.private))
  yield* unmapPages(umem)
  if (umem.pinned) yield* unpinBuffer(umem.attach!)
  umem.pinned = false
  umem.revoked = true
}

export const lockUmem = (umem: ib_umem_dmabuf): Sim => lockResv(umem.attach!.dmabuf!.resv!)
export const unlockUmem = (umem: ib_umem_dmabuf): void => unlockResv(umem.attach!.dmabuf!.resv!)

export function* revokeUmem(umem: ib_umem_dmabuf): Sim {
  yield* lockUmem(umem)
  yield* revokeLocked(umem)
  unlockUmem(umem)
}

/** The end: revoked, detached, and the reference to the buffer dropped. */
export function* releaseUmem(umem: ib_umem_dmabuf): Sim {
  const { attach } = umem
  const dmabuf = attach!.dmabuf!
  yield* revokeUmem(umem)
  yield* detachFrom(dmabuf, attach)
  putBuffer(dmabuf)
  slab(machine()).free(umem)
}

function* revokeHook(attach: dma_buf_attachment): Sim {
  yield* revokeLocked(attach.importer_priv as ib_umem_dmabuf)
}

const PINNED: dma_buf_attach_ops = { allow_peer2peer: true }
const PINNED_REVOCABLE: dma_buf_attach_ops = {
  allow_peer2peer: true,
  invalidate_mappings: revokeHook as unknown as (attach: dma_buf_attachment) => void,
}

/** Attached, pinned and mapped, with the lock held when it was possible. */
export function* getPinnedAndLock(
  request: UmemRequest,
  revocable: boolean,
): Sim<ib_umem_dmabuf> {
  const umem = yield* getUmem(request, revocable ? PINNED_REVOCABLE : PINNED)
  if (isErr(umem)) return umem
  yield* lockUmem(umem)
  let ret = yield* pinBuffer(umem.attach!)
  if (ret === 0) {
    umem.pinned = true
    ret = yield* mapPages(umem)
    if (ret === 0) return umem
  }
  unlockUmem(umem)
  yield* releaseUmem(umem)
  return errPtr(ret)
}

export function* getPinned(request: UmemRequest): Sim<ib_umem_dmabuf> {
  const umem = yield* getPinnedAndLock(request, false)
  if (!isErr(umem)) unlockUmem(umem)
  return umem
}
