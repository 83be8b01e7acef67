import { machine } from '../engine/current'
import { kernelCall, quiet } from '../kernel/api'
import { modules } from '../kernel/base/module'
import type { device } from '../kernel/base/device'
import * as a from '../kernel/dma-buf/attach'
import { dma_buf_export_info } from '../kernel/dma-buf/buffer'
import type { dma_buf, dma_buf_attachment } from '../kernel/dma-buf/buffer'
import { mmapBuffer } from '../kernel/dma-buf/buffer-file'
import * as list from '../kernel/dma-buf/buffer-list'
import * as c from '../kernel/dma-buf/cpu-access'
import * as e from '../kernel/dma-buf/export'
import * as m from '../kernel/dma-buf/map'
import { settle } from '../kernel/live'

/** Brought along, as by the C header. */
export * from './iosys-map'
export * from './file'
export * from './err'
export * from './scatterlist'
export * from './list'
export * from './dma-mapping'
export * from './fs'
export * from './dma-fence'
export * from './wait'

/**
 * Memory that devices and programs share: `linux/dma-buf`. An exporter makes buffers, importers
 * attach devices to them. The open file behind a buffer counts its references: neither an
 * attachment nor a mapping keeps it, and it keeps the exporter's module but not its device.
 */

export {
  dma_buf,
  dma_buf_attachment,
  dma_buf_export_info,
  dma_buf_poll_cb_t,
  type dma_buf_attach_ops,
  type dma_buf_ops,
} from '../kernel/dma-buf/buffer'

/** What programs ask of a buffer, as in the header for them. */
export {
  DMA_BUF_IOCTL_EXPORT_SYNC_FILE,
  DMA_BUF_IOCTL_IMPORT_SYNC_FILE,
  DMA_BUF_IOCTL_SYNC,
  DMA_BUF_SET_NAME,
  DMA_BUF_SET_NAME_A,
  DMA_BUF_SET_NAME_B,
  DMA_BUF_SYNC_END,
  DMA_BUF_SYNC_READ,
  DMA_BUF_SYNC_RW,
  DMA_BUF_SYNC_START,
  DMA_BUF_SYNC_WRITE,
  type dma_buf_sync,
  type dma_buf_sync_file,
} from './user/dma-buf'

/** Bytes that the name of a buffer may have, with the NUL. */
export const DMA_BUF_NAME_LEN = 32

/** `const info = DEFINE_DMA_BUF_EXPORT_INFO('info')`: the module's name and the module are set. */
export const DEFINE_DMA_BUF_EXPORT_INFO = quiet(function DEFINE_DMA_BUF_EXPORT_INFO(
  _name = '',
): dma_buf_export_info {
  const info = new dma_buf_export_info()
  info.owner = modules(machine()).current
  info.exp_name = info.owner?.name ?? 'kernel'
  return info
})

/**
 * A new buffer; its one reference is the caller's. May sleep. ERR_PTR: -EINVAL (priv, ops or one
 * of map, unmap, release is missing; pin without unpin), -ENOENT (module on its way out), -ENOMEM.
 */
export const dma_buf_export = kernelCall('dma_buf_export', (info: dma_buf_export_info) => {
  info.owner = settle(info.owner)
  return e.exportBuffer(info)
})
/** A descriptor, which takes over the caller's reference; -errno: the reference is still his. */
export const dma_buf_fd = kernelCall('dma_buf_fd', e.fdOfBuffer)
/** The same for a descriptor that was reserved before, so that nothing can fail any more. */
export const dma_buf_fd_install = kernelCall('dma_buf_fd_install', e.installBuffer)
/** The buffer behind a descriptor, with a reference. ERR_PTR: -EBADF, -EINVAL (no buffer). */
export const dma_buf_get = kernelCall('dma_buf_get', e.bufferOfFd)
/** One reference more, for who has one. */
export const get_dma_buf = kernelCall('get_dma_buf', e.getBuffer)
/**
 * One reference less. After the last one `release` runs later: on the way back to the program, or
 * by a worker. Any context.
 */
export const dma_buf_put = kernelCall('dma_buf_put', e.putBuffer)

/**
 * Attaches a device that does not follow moves: the buffer is pinned while it is mapped. May
 * sleep; the reservation lock must not be held. ERR_PTR: -EINVAL, -ENOMEM, or the exporter's.
 */
export const dma_buf_attach = kernelCall(
  'dma_buf_attach',
  (dmabuf: dma_buf | null, dev: device | null) => a.attachTo(dmabuf, dev, null, null),
)
/** Attaches a device whose driver is told (by `importer_ops`) when its mappings get stale. */
export const dma_buf_dynamic_attach = kernelCall('dma_buf_dynamic_attach', a.attachTo)
/** Ends an attachment whose mappings and pins were undone. May sleep; lock not held. */
export const dma_buf_detach = kernelCall('dma_buf_detach', a.detachFrom)
/** Whether the importer can be told that the buffer is taken away. */
export const dma_buf_attach_revocable = kernelCall('dma_buf_attach_revocable', a.isRevocable)
/** Whether the attachment was made with importer operations. */
export const dma_buf_attachment_is_dynamic = quiet(
  (attach: dma_buf_attachment): boolean => attach.importer_ops !== null,
)
/** For exporters, with the lock held: tells all importers that can be told. Waits for nothing. */
export const dma_buf_invalidate_mappings = kernelCall(
  'dma_buf_invalidate_mappings',
  a.invalidateMappings,
)

/** With the lock held: the buffer stays where it is. 0 or the exporter's -errno. Pair: unpin. */
export const dma_buf_pin = kernelCall('dma_buf_pin', m.pinBuffer)
export const dma_buf_unpin = kernelCall('dma_buf_unpin', m.unpinBuffer)
/**
 * With the lock held: the buffer as the device sees it. May sleep. ERR_PTR: -EINVAL, -ENOMEM,
 * -ERESTARTSYS or the exporter's. A dynamic importer has to wait for the KERNEL fences itself.
 */
export const dma_buf_map_attachment = kernelCall('dma_buf_map_attachment', m.mapAttachment)
/** With the lock held: ends a mapping, which the device must not use any more. */
export const dma_buf_unmap_attachment = kernelCall('dma_buf_unmap_attachment', m.unmapAttachment)
/** The same without the lock. */
export const dma_buf_map_attachment_unlocked = kernelCall(
  'dma_buf_map_attachment_unlocked',
  m.mapAttachmentUnlocked,
)
export const dma_buf_unmap_attachment_unlocked = kernelCall(
  'dma_buf_unmap_attachment_unlocked',
  m.unmapAttachmentUnlocked,
)

/**
 * Before the CPU reads or writes: waits for the devices (writing: for all of them). Lock not held.
 * 0, -EINVAL, -ERESTARTSYS or the exporter's -errno. Pair: `dma_buf_end_cpu_access`.
 */
export const dma_buf_begin_cpu_access = kernelCall('dma_buf_begin_cpu_access', c.beginCpuAccess)
export const dma_buf_end_cpu_access = kernelCall('dma_buf_end_cpu_access', c.endCpuAccess)
/** With the lock held: the buffer for the kernel. 0, -EINVAL or the exporter's -errno. */
export const dma_buf_vmap = kernelCall('dma_buf_vmap', c.vmapBuffer)
export const dma_buf_vunmap = kernelCall('dma_buf_vunmap', c.vunmapBuffer)
export const dma_buf_vmap_unlocked = kernelCall('dma_buf_vmap_unlocked', c.vmapUnlocked)
export const dma_buf_vunmap_unlocked = kernelCall('dma_buf_vunmap_unlocked', c.vunmapUnlocked)
/** From a driver's `mmap`: the buffer takes the place of the driver's file. 0 or -errno. */
export const dma_buf_mmap = kernelCall('dma_buf_mmap', mmapBuffer)

/** The newest buffer, with a reference, or null. Pair: `dma_buf_iter_next`, or a put. */
export const dma_buf_iter_begin = kernelCall('dma_buf_iter_begin', list.firstBuffer)
/** The next older one, with a reference; that of the given one is dropped. */
export const dma_buf_iter_next = kernelCall('dma_buf_iter_next', list.nextBuffer)
