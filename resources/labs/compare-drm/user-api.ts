import { DRM_COMMAND_BASE, DRM_IO } from 'drm/drm_ioctl'
import { ioctl, open, O_RDWR } from 'user/libc'

/** How a program reaches the driver in this model: as a graphics card. */
export function edu_open() {
  return open('/dev/dri/card0', O_RDWR)
}
export function edu_call(fd: number, command: number, value: number) {
  return ioctl(fd, DRM_IO(DRM_COMMAND_BASE + command - 1), { value })
}
