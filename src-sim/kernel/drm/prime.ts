import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import type { device } from '../base/device'
import { ATTR } from '../dma/attrs'
import type { sg_table } from '../dma/sg'
import { attachTo, detachFrom } from '../dma-buf/attach'
import { dma_buf_export_info, type dma_buf, type dma_buf_attachment, type dma_buf_ops } from '../dma-buf/buffer'
import { bufferOfFd, exportBuffer, fdOfBuffer, getBuffer, putBuffer } from '../dma-buf/export'
import { mapAttachmentUnlocked, unmapAttachmentUnlocked } from '../dma-buf/map'
import { freeTable, mapTable, unmapTable } from '../dma-buf/page-tables'
import { lockResv, unlockResv } from '../dma-buf/resv'
import { errPtr, isErr, ptrErr } from '../err'
import { EINVAL, ENOENT, ENOSYS } from '../errno'
import type { iosys_map } from '../lib/iosys-map'
import { warn } from '../printk/warn'
import { getDrmDevice, putDrmDevice, type drm_device } from './device'
import type { drm_file } from './file'
import { createHandle, getGem, handles, lookUpHandle, putGem, type drm_gem_object } from './gem'

/** Buffer objects as shared buffers, and the other way round: drivers/gpu/drm/drm_prime.c. */

const BIDIRECTIONAL = 0
const DMA_NONE = 3

const objectOf = (dmabuf: dma_buf): drm_gem_object => dmabuf.priv as drm_gem_object

/** Pinned for as long as the attachment lasts, not only for a mapping (DBUF-45). */
function* attach(dmabuf: dma_buf): Sim<number> {
  const obj = objectOf(dmabuf)
  if (!obj.funcs?.get_sg_table) return -ENOSYS
  const { pin } = obj.funcs
  if (!pin) return 0
  yield* lockResv(obj.resv!)
  const ret = Number((yield* call(() => pin(obj))) ?? 0)
  unlockResv(obj.resv!)
  return ret
}

function* detach(dmabuf: dma_buf): Sim {
  const obj = objectOf(dmabuf)
  const unpin = obj.funcs?.unpin
  if (!unpin) return
  yield* lockResv(obj.resv!)
  yield* call(() => unpin(obj))
  unlockResv(obj.resv!)
}

function* map_dma_buf(a: dma_buf_attachment, dir: number): Sim<sg_table> {
  const obj = objectOf(a.dmabuf!)
  const table = obj.funcs?.get_sg_table
  if (dir === DMA_NONE || !table) {
    warn(machine(), 'drm-prime-map', 'drivers/gpu/drm/drm_prime.c at drm_gem_map_dma_buf', null)
    return errPtr(dir === DMA_NONE ? -EINVAL : -ENOSYS)
  }
  const made = yield* call(() => table(obj))
  if (isErr(made)) return made
  const ret = mapTable(a.dev!, made, dir, ATTR.SKIP_CPU_SYNC)
  if (ret === 0) return made
  freeTable(made)
  return errPtr(ret)
}

function unmap_dma_buf(a: dma_buf_attachment, table: sg_table, dir: number): void {
  unmapTable(a.dev!, table, dir, ATTR.SKIP_CPU_SYNC)
  freeTable(table)
}

function* release(dmabuf: dma_buf): Sim {
  const obj = objectOf(dmabuf)
  const { dev } = obj
  yield* putGem(obj)
  yield* putDrmDevice(dev)
}

function* vmap(dmabuf: dma_buf, map: iosys_map): Sim<number> {
  const obj = objectOf(dmabuf)
  const own = obj.funcs?.vmap
  return own ? Number((yield* call(() => own(obj, map))) ?? 0) : -EINVAL
}

function* vunmap(dmabuf: dma_buf, map: iosys_map): Sim {
  const obj = objectOf(dmabuf)
  const own = obj.funcs?.vunmap
  if (own) yield* call(() => own(obj, map))
}

const OPERATIONS = {
  attach, detach, map_dma_buf, unmap_dma_buf, release, vmap, vunmap,
} as unknown as dma_buf_ops

/** The object as a shared buffer, which keeps the object and the device. */
export function* exportGem(obj: drm_gem_object, flags: number): Sim<dma_buf> {
  const dev = obj.dev!
  const info = new dma_buf_export_info()
  info.exp_name = 'drm'
  info.owner = dev.driver?.fops?.owner ?? null
  info.ops = OPERATIONS
  info.size = obj.size
  info.flags = flags
  info.priv = obj
  info.resv = obj.resv
  const dmabuf = yield* exportBuffer(info)
  if (isErr(dmabuf)) return dmabuf
  getDrmDevice(dev)
  getGem(obj)
  dmabuf.file!.f_mapping = dev.$mapping
  return dmabuf
}

const isOwn = (dev: drm_device, dmabuf: dma_buf): boolean =>
  dmabuf.ops === OPERATIONS && objectOf(dmabuf).dev === dev

/** A shared buffer as an object: one's own comes back as itself, without an attachment. */
export function* importGem(
  dev: drm_device, dmabuf: dma_buf, attachDev: device,
): Sim<drm_gem_object> {
  if (isOwn(dev, dmabuf)) {
    getGem(objectOf(dmabuf))
    return objectOf(dmabuf)
  }
  const make = dev.driver?.gem_prime_import_sg_table
  if (!make) return errPtr(-EINVAL)
  const a = yield* attachTo(dmabuf, attachDev, null, null)
  if (isErr(a)) return errPtr(ptrErr(a))
  getBuffer(dmabuf)
  const table = yield* mapAttachmentUnlocked(a, BIDIRECTIONAL)
  const obj: drm_gem_object = isErr(table)
    ? errPtr(ptrErr(table))
    : yield* call(() => make(dev, a, table))
  if (isErr(obj)) {
    if (!isErr(table)) yield* unmapAttachmentUnlocked(a, table, BIDIRECTIONAL)
    yield* detachFrom(dmabuf, a)
    putBuffer(dmabuf)
    return obj
  }
  obj.import_attach = a
  obj.resv = dmabuf.resv
  return obj
}

/** For `free` of an imported object: what `importGem` has taken. */
export function* destroyImport(obj: drm_gem_object, table: sg_table | null): Sim {
  const a = obj.import_attach!
  const dmabuf = a.dmabuf!
  if (table) yield* unmapAttachmentUnlocked(a, table, BIDIRECTIONAL)
  yield* detachFrom(dmabuf, a)
  putBuffer(dmabuf)
}

function* bufferOf(obj: drm_gem_object, flags: number): Sim<dma_buf> {
  const known = obj.import_attach?.dmabuf ?? obj.dma_buf
  if (known) {
    getBuffer(known)
    return known
  }
  const own = obj.funcs?.export
  const dmabuf = own ? yield* call(() => own(obj, flags)) : yield* exportGem(obj, flags)
  if (isErr(dmabuf)) return dmabuf
  obj.dma_buf = dmabuf
  getBuffer(dmabuf) // until the last handle goes
  return dmabuf
}

/** PRIME_HANDLE_TO_FD: 0 or -errno. */
export function* handleToFd(
  file: drm_file, handle: number, flags: number, fd: { value: number },
): Sim<number> {
  const obj = lookUpHandle(file, handle)
  if (!obj) return -ENOENT
  const dmabuf = yield* bufferOf(obj, flags)
  yield* putGem(obj)
  if (isErr(dmabuf)) return ptrErr(dmabuf)
  const made = fdOfBuffer(dmabuf, flags)
  if (made < 0) putBuffer(dmabuf)
  else fd.value = made
  return Math.min(made, 0)
}

/** PRIME_FD_TO_HANDLE: the same buffer gets the same handle. 0 or -errno. */
export function* fdToHandle(
  dev: drm_device, file: drm_file, fd: number, handle: { value: number },
): Sim<number> {
  const dmabuf = bufferOfFd(fd)
  if (isErr(dmabuf)) return ptrErr(dmabuf)
  const known = [...handles(file)].find(([, obj]) => sameBuffer(obj, dmabuf))
  let ret = 0
  if (known) handle.value = known[0]
  else {
    const obj = yield* importGem(dev, dmabuf, dev.dev!)
    ret = isErr(obj) ? ptrErr(obj) : yield* createHandle(file, obj, handle)
    if (!isErr(obj)) yield* putGem(obj)
  }
  putBuffer(dmabuf)
  return ret
}

const sameBuffer = (obj: drm_gem_object, dmabuf: dma_buf): boolean =>
  obj.import_attach?.dmabuf === dmabuf || (dmabuf.ops === OPERATIONS && objectOf(dmabuf) === obj)
