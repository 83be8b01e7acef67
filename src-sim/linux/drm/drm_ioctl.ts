import { kernelCall, quiet } from '../../kernel/api'
import type { drm_device, drm_ioctl_desc } from '../../kernel/drm/device'
import { DRM_COMMAND_BASE, ioctlDrm, type drm_file } from '../../kernel/drm/file'

/** Calls of programs: `drm/drm_ioctl`. */

export { type drm_ioctl_desc } from '../../kernel/drm/device'
export { DRM_MASTER, DRM_RENDER_ALLOW, DRM_ROOT_ONLY } from '../../kernel/drm/file'
export const DRM_AUTH = 1

/** `unlocked_ioctl` of a driver's file operations. -ENODEV once unplugged (DM-85). */
export const drm_ioctl = kernelCall('drm_ioctl', ioctlDrm)

/**
 * An entry of a driver's table, in the order of the command numbers:
 * `ioctls: [DRM_IOCTL_DEF_DRV(DRM_DEMO_PING, demo_ping, DRM_RENDER_ALLOW)]`.
 */
export const DRM_IOCTL_DEF_DRV = quiet(function DRM_IOCTL_DEF_DRV<D>(
  cmd: number,
  func: (dev: drm_device, data: D, file: drm_file) => number,
  flags: number,
): drm_ioctl_desc {
  return { cmd, func, flags, name: func.name }
})

const numbered =
  (direction: number) =>
  (nr: number): number =>
    direction * 0x4000_0000 + (0x64 << 8) + nr

/** Numbers of driver calls, for drivers and programs: `DRM_IOWR(DRM_COMMAND_BASE + 0)`. */
export const DRM_IO = quiet(numbered(0))
export const DRM_IOW = quiet(numbered(1))
export const DRM_IOR = quiet(numbered(2))
export const DRM_IOWR = quiet(numbered(3))
export { DRM_COMMAND_BASE }
