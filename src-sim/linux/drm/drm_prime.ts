import { kernelCall } from '../../kernel/api'
import type { dma_buf } from '../../kernel/dma-buf/buffer'
import type { drm_device } from '../../kernel/drm/device'
import type { drm_file } from '../../kernel/drm/file'
import * as p from '../../kernel/drm/prime'
import type { ptr } from '../types'

/**
 * Buffer objects that cross devices: `drm/drm_prime`. An exported object is pinned while somebody
 * is attached; an imported one stays mapped for all its life, and shares the reservation object.
 */

/** The object as a shared buffer, whose reference is the caller's; or ERR_PTR. */
export const drm_gem_prime_export = kernelCall('drm_gem_prime_export', p.exportGem)
/** The object of a shared buffer; of this device's own, the very one it was exported from. */
export const drm_gem_prime_import = kernelCall(
  'drm_gem_prime_import',
  (dev: drm_device, dmabuf: dma_buf) => p.importGem(dev, dmabuf, dev.dev!),
)
export const drm_gem_prime_import_dev = kernelCall('drm_gem_prime_import_dev', p.importGem)
/** For `funcs.free` of an imported object: unmaps, detaches, drops the buffer. */
export const drm_prime_gem_destroy = kernelCall('drm_prime_gem_destroy', p.destroyImport)
/** A descriptor for a handle in `*prime_fd`. 0, -ENOENT or -errno. */
export const drm_gem_prime_handle_to_fd = kernelCall(
  'drm_gem_prime_handle_to_fd',
  (_dev: drm_device, file: drm_file, handle: number, flags: number, prime_fd: ptr<number>) =>
    p.handleToFd(file, handle, flags, prime_fd),
)
/** A handle for a descriptor in `*handle`. 0 or -errno. */
export const drm_gem_prime_fd_to_handle = kernelCall('drm_gem_prime_fd_to_handle', p.fdToHandle)
