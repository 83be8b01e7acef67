import type { Sim } from '../engine/suspend'
import { kernelCall, quiet } from '../kernel/api'
import type { device } from '../kernel/base/device'
import type { file } from '../kernel/fs/file'
import { currentProcess } from '../kernel/fs/process'
import type { iommu_group } from '../kernel/iommu/group'
import * as access from '../kernel/iommufd/access'
import type { iommufd_access, iommufd_access_ops } from '../kernel/iommufd/access'
import { contextOf, getContext, putContext } from '../kernel/iommufd/chardev'
import * as d from '../kernel/iommufd/device'
import type { iommufd_device } from '../kernel/iommufd/device'
import { putObject, type iommufd_ctx } from '../kernel/iommufd/objects'
import { compatIoas, createCompatIoas } from '../kernel/iommufd/vfio-ioas'
import type { page } from '../kernel/mm/page'
import { EBADF, EBADFD } from './errno'
import { ERR_PTR } from './err'
import type { ptr } from './types'

/** Brought along, as by the C header. */
export * from './err'
export * from './errno'
export * from './iommufd/uapi'
export * from './types'

/** Devices that programs drive through /dev/iommu: `linux/iommufd`. */
export { IOMMUFD_ACCESS_RW_READ, IOMMUFD_ACCESS_RW_WRITE } from '../kernel/iommufd/access'
export { iommufd_access, type iommufd_access_ops } from '../kernel/iommufd/access'
export { iommufd_device } from '../kernel/iommufd/device'
export { iommufd_ctx } from '../kernel/iommufd/objects'

const pointer = <T extends object>(made: T | number): T =>
  typeof made === 'number' ? ERR_PTR<T>(made) : made

// Contexts

/** The context behind an open /dev/iommu, with a reference; ERR_PTR(-EBADFD) for other files. */
export const iommufd_ctx_from_file = kernelCall('iommufd_ctx_from_file', (f: file): iommufd_ctx => {
  const ictx = contextOf(f)
  if (!ictx) return ERR_PTR<iommufd_ctx>(-EBADFD)
  getContext(ictx)
  return ictx
})
/** The same by the descriptor of the calling program; ERR_PTR(-EBADF) without one. */
export const iommufd_ctx_from_fd = kernelCall('iommufd_ctx_from_fd', (fd: number): iommufd_ctx => {
  const f = currentProcess().files?.open.get(fd)
  return f ? iommufd_ctx_from_file(f) : ERR_PTR<iommufd_ctx>(-EBADF)
})
export const iommufd_ctx_get = kernelCall('iommufd_ctx_get', getContext)
/** Pair of the functions above. May sleep: the last one destroys everything in it. */
export const iommufd_ctx_put = kernelCall('iommufd_ctx_put', putContext)
/** Whether a device of the group is bound to the context. */
export function iommufd_ctx_has_group(
  ictx: iommufd_ctx | null,
  group: iommu_group | null,
): boolean {
  return d.hasGroup(ictx, group)
}

// Devices with hardware

/**
 * Takes a device away from the DMA API and blocks all it does until it is attached; `*id` gets its
 * number. The driver must have `driver_managed_dma`. May sleep. ERR_PTR on failure (IOMMUFD-03).
 */
export const iommufd_device_bind = kernelCall('iommufd_device_bind', function* (
  ictx: iommufd_ctx,
  dev: device,
  id: ptr<number>,
): Sim<iommufd_device> {
  return pointer(yield* d.bindDevice(ictx, dev, id))
})
/** Pair of `iommufd_device_bind`; the device is detached already. Waits for running calls. */
export const iommufd_device_unbind = kernelCall('iommufd_device_unbind', d.unbindDevice)
/**
 * Lets a device (or a PASID of it; 0: none) reach an address space or a table by its number;
 * `*pt_id` becomes the number of the table. May sleep. 0 or -errno (IOMMUFD-04).
 */
export const iommufd_device_attach = kernelCall(
  'iommufd_device_attach',
  (idev: iommufd_device, pasid: number, pt_id: ptr<number>) => d.attachDevice(idev, pt_id, pasid),
)
/** Another table in place of the present one, without a gap (IOMMUFD-05). */
export const iommufd_device_replace = kernelCall(
  'iommufd_device_replace',
  (idev: iommufd_device, pasid: number, pt_id: ptr<number>) => d.replaceDevice(idev, pt_id, pasid),
)
/** It reaches nothing any more. */
export const iommufd_device_detach = kernelCall('iommufd_device_detach', d.detachDevice)
export const iommufd_device_to_ictx = quiet((idev: iommufd_device): iommufd_ctx => idev.ictx)
export const iommufd_device_to_id = quiet((idev: iommufd_device): number => idev.id)

// Devices without hardware

/** Registers a driver that uses address spaces by itself; `*id` gets its number (IOMMUFD-14). */
export const iommufd_access_create = kernelCall(
  'iommufd_access_create',
  (
    ictx: iommufd_ctx,
    ops: iommufd_access_ops,
    data: unknown,
    id: ptr<number>,
  ): iommufd_access => pointer(access.createAccess(ictx, ops, data, id)),
)
export const iommufd_access_destroy = kernelCall('iommufd_access_destroy', access.destroyAccess)
/** Lets it use an address space. 0 or -errno. */
export const iommufd_access_attach = kernelCall('iommufd_access_attach', access.attachAccess)
export const iommufd_access_replace = kernelCall('iommufd_access_replace', access.replaceAccess)
/** Calls `unmap` for everything first. */
export const iommufd_access_detach = kernelCall('iommufd_access_detach', access.detachAccess)
/** Pins the pages behind a stretch, which `out_pages` gets. May sleep. 0 or -errno. */
export const iommufd_access_pin_pages = kernelCall(
  'iommufd_access_pin_pages',
  (
    a: iommufd_access,
    iova: number,
    length: number,
    out_pages: page[],
    flags: number,
  ) => access.pinPages(a, iova, length, out_pages, flags),
)
/** Pair of `iommufd_access_pin_pages`, for exactly the same stretch. */
export const iommufd_access_unpin_pages = kernelCall(
  'iommufd_access_unpin_pages',
  access.unpinPages,
)
/** Copies between `data` and what is behind a stretch. May sleep. 0 or -errno. */
export const iommufd_access_rw = kernelCall('iommufd_access_rw', access.rwAccess)

// For VFIO's old interface

/** The number of the address space that it works with: 0, or -ENODEV. */
export function iommufd_vfio_compat_ioas_get_id(ictx: iommufd_ctx, out: ptr<number>): number {
  const ioas = compatIoas(ictx)
  if (typeof ioas === 'number') return ioas
  out.value = ioas.id
  putObject(ioas)
  return 0
}
/** Makes one, if there is none. 0 or -errno. */
export function iommufd_vfio_compat_ioas_create(ictx: iommufd_ctx): number {
  return createCompatIoas(ictx)
}
