import { close, ioctl, open, O_RDWR } from 'user/libc'

/** A program that uses the device. */
export function client() {
  const fd = open('/dev/demo', O_RDWR)
  if (fd < 0) return 1
  ioctl(fd, 1, 0)
  close(fd)
  return 0
}
