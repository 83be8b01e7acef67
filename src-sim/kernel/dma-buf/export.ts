import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { modulePut, tryModuleGet } from '../base/module'
import { emit } from '../emit'
import { EBADF, EINVAL, ENOENT, ENOMEM } from '../errno'
import { errPtr } from '../err'
import { anonFile, installFile, reserveFd } from '../fs/anon'
import { getFile, type file } from '../fs/file'
import { fput } from '../fs/file-table'
import { currentProcess } from '../fs/process'
import { initListHead } from '../locking/list'
import { initSpinlock } from '../locking/spinlock'
import { embedMembers } from '../mm/embed'
import { slab } from '../mm/slab'
import { dma_buf, useBuffer, warnBuffer, type dma_buf_export_info } from './buffer'
import { BUFFER_FOPS } from './buffer-file'
import { addBuffer, buffers } from './buffer-list'
import { operationsOf } from './buffer-release'
import { dma_resv, initResv } from './resv'

const BUFFER_BYTES = 400
const RESV_BYTES = 112
/** Of the flags of a file, those that an exporter may choose: access mode and O_NONBLOCK. */
const EXPORT_FLAGS = 0o4003

function isComplete({ priv, ops }: dma_buf_export_info): boolean {
  const needed = [ops?.map_dma_buf, ops?.unmap_dma_buf, ops?.release]
  return Boolean(priv) && needed.every(Boolean)
}

/** A new buffer whose only reference is the caller's, or an error pointer (DBUF-01 to 03). */
export function* exportBuffer(info: dma_buf_export_info): Sim<dma_buf> {
  const incomplete = !isComplete(info)
  if (incomplete || !info.ops!.pin !== !info.ops!.unpin) {
    warnBuffer('export', `:${incomplete ? 723 : 729} at dma_buf_export`, 'DBUF-01')
    return errPtr(-EINVAL)
  }
  const dmabuf = new dma_buf()
  if (!tryModuleGet(info.owner, operationsOf(dmabuf))) return errPtr(-ENOENT)
  dmabuf.resv = info.resv ?? new dma_resv()
  const bytes = BUFFER_BYTES + (info.resv ? 0 : RESV_BYTES)
  if (slab(machine()).alloc(dmabuf, bytes) === null) {
    modulePut(info.owner, operationsOf(dmabuf))
    return errPtr(-ENOMEM)
  }
  fill(dmabuf, info)
  const f = anonFile('dmabuf', BUFFER_FOPS, dmabuf, info.flags & EXPORT_FLAGS) as file
  f.$path = `/dmabuf:${dmabuf.$ino}`
  dmabuf.file = f
  emit(ev.file_open, f, f.$path, null)
  emit(ev.dma_buf_export, dmabuf, dmabuf.exp_name, dmabuf.size, dmabuf.$ino, f, dmabuf.owner)
  yield* addBuffer(dmabuf)
  return dmabuf
}

function fill(dmabuf: dma_buf, info: dma_buf_export_info): void {
  embedMembers(dmabuf)
  dmabuf.$ino = ++buffers(machine()).ino
  dmabuf.priv = info.priv
  dmabuf.ops = info.ops
  dmabuf.size = info.size
  dmabuf.exp_name = info.exp_name
  dmabuf.owner = info.owner
  initListHead(dmabuf.attachments)
  initSpinlock(dmabuf.name_lock, '&dmabuf->name_lock', 'dma_buf_export')
  initSpinlock(dmabuf.poll.lock, '&dmabuf->poll', 'dma_buf_export')
  dmabuf.cb_in.poll = dmabuf.cb_out.poll = dmabuf.poll
  if (!info.resv) initResv(dmabuf.resv!)
}

/** A descriptor for the buffer, to which the caller's reference now belongs, or -errno. */
export function fdOfBuffer(dmabuf: dma_buf | null, _flags: number): number {
  if (!dmabuf?.file) return -EINVAL
  useBuffer(dmabuf, 'file', false, 'dma_buf_fd')
  const fd = reserveFd()
  if (fd >= 0) installBuffer(dmabuf, fd)
  return fd
}

/** Puts the buffer behind a reserved descriptor; the caller's reference goes with it (DBUF-04). */
export function installBuffer(dmabuf: dma_buf, fd: number): void {
  useBuffer(dmabuf, 'file', false, 'dma_buf_fd_install')
  emit(ev.dma_buf_fd, dmabuf, dmabuf.exp_name, dmabuf.size, dmabuf.$ino, fd)
  installFile(fd, dmabuf.file!)
}

/** The buffer behind a descriptor of the running process, with a reference (DBUF-05). */
export function bufferOfFd(fd: number): dma_buf {
  const f = currentProcess().files?.open.get(fd)
  if (!f) return errPtr(-EBADF)
  if (f.f_op !== BUFFER_FOPS) return errPtr(-EINVAL)
  getFile(f)
  const dmabuf = f.private_data as dma_buf
  emit(ev.dma_buf_get, dmabuf, dmabuf.exp_name, dmabuf.size, dmabuf.$ino, fd)
  return dmabuf
}

/** `get_dma_buf`: one reference more. */
export function getBuffer(dmabuf: dma_buf): void {
  useBuffer(dmabuf, 'file', false, 'get_dma_buf')
  getFile(dmabuf.file!)
}

/** One reference less; what comes with the last one comes later (DBUF-06). */
export function putBuffer(dmabuf: dma_buf | null): void {
  if (dmabuf) useBuffer(dmabuf, 'file', false, 'dma_buf_put')
  if (!dmabuf?.file) return warnBuffer('null', ' at dma_buf_put', 'DBUF-06')
  emit(ev.dma_buf_put, dmabuf, dmabuf.exp_name, dmabuf.size, dmabuf.$ino)
  fput(dmabuf.file)
}
