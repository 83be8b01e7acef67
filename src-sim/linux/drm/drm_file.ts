import { kernelCall } from '../../kernel/api'
import { openDrm, releaseDrm } from '../../kernel/drm/file'

/** Open files of a device: `drm/drm_file`. */

export { drm_file } from '../../kernel/drm/file'
export { drm_minor } from '../../kernel/drm/minor'

/** `open` of a driver's file operations. */
export const drm_open = kernelCall('drm_open', openDrm)
/** `release` of a driver's file operations. */
export const drm_release = kernelCall('drm_release', releaseDrm)
