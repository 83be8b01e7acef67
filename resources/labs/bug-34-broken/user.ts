import { close, ioctl, open, O_RDWR, usleep } from 'user/libc'
import { DRM_COMMAND_BASE, DRM_IO } from 'drm/drm_ioctl'

const XE_EXEC_QUEUE_CREATE = DRM_IO(DRM_COMMAND_BASE + 0)

/** Makes a queue, works for a while, and is done. */
export function client() {
  const fd = open('/dev/dri/renderD128', O_RDWR)
  if (fd < 0) return 1
  ioctl(fd, XE_EXEC_QUEUE_CREATE, 0)
  usleep(20000)
  close(fd)
  return 0
}
