import { close, ioctl, open, O_RDWR, usleep } from 'user/libc'
import { RADEON_BUSY, RADEON_STATUS, RADEON_SUBMIT, RADEON_WAIT } from './uapi'

/** Submits two jobs and asks after each of them: once without the lock of the fence, once with it. */
export function client() {
  const fd = open('/dev/radeon', O_RDWR)
  if (fd < 0) return 1
  ioctl(fd, RADEON_SUBMIT, 0)
  usleep(2000)
  ioctl(fd, RADEON_BUSY, 0)
  ioctl(fd, RADEON_WAIT, 0)
  ioctl(fd, RADEON_SUBMIT, 0)
  usleep(2000)
  ioctl(fd, RADEON_STATUS, 0)
  ioctl(fd, RADEON_WAIT, 0)
  close(fd)
  return 0
}
