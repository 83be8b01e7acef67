import { machine } from '../../engine/current'
import { quiet } from '../../kernel/api'
import { modules } from '../../kernel/base/module'
import type { file_operations } from '../fs'
import { drm_open, drm_release } from './drm_file'
import { drm_ioctl } from './drm_ioctl'

/** Buffer objects: `drm/drm_gem`. Of these, only the operations of their files. */

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
