import * as g from '../../kernel/drm/gem'
import { machine } from '../../engine/current'
import { kernelCall, quiet } from '../../kernel/api'
import { modules } from '../../kernel/base/module'
import type { file_operations } from '../fs'
import { drm_open, drm_release } from './drm_file'
import { drm_ioctl } from './drm_ioctl'

/**
 * Buffer objects: `drm/drm_gem`. A driver embeds a `drm_gem_object` and frees it in `funcs.free`;
 * programs name objects by handles, which are valid in one open file.
 */
export { drm_gem_object, type drm_gem_object_funcs } from '../../kernel/drm/gem'

/** One reference, no handle, no memory. The driver sets `funcs` before. */
export const drm_gem_private_object_init = kernelCall('drm_gem_private_object_init', g.initGem)
export const drm_gem_object_get = kernelCall('drm_gem_object_get', g.getGem)
/** One reference less; `funcs.free` runs with the last one. May sleep. Null is ignored. */
export const drm_gem_object_put = kernelCall('drm_gem_object_put', g.putGem)
/** The core's part of freeing an object: the last thing of `funcs.free` before the memory. */
export const drm_gem_object_release = kernelCall('drm_gem_object_release', g.releaseGem)
/** A number by which the program of this file names the object. 0, -ENOSPC or the driver's. */
export const drm_gem_handle_create = kernelCall('drm_gem_handle_create', g.createHandle)
export const drm_gem_handle_delete = kernelCall('drm_gem_handle_delete', g.deleteHandle)
/** The object behind a handle, with a reference; or null. */
export const drm_gem_object_lookup = kernelCall('drm_gem_object_lookup', g.lookUpHandle)

/** The usual operations: `const demo_fops = DEFINE_DRM_GEM_FOPS('demo_fops')`. They pin the module. */
export const DEFINE_DRM_GEM_FOPS = quiet(function DEFINE_DRM_GEM_FOPS(
  _name: string,
): file_operations {
  return {
    owner: modules(machine()).current,
    open: drm_open,
    release: drm_release,
    unlocked_ioctl: drm_ioctl,
  }
})
