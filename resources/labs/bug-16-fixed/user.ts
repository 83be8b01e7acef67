import { close, ioctl, open, O_RDWR, usleep } from 'user/libc'

/** Opens the device, takes its time, and uses it again. */
export function client() {
  const fd = open('/dev/nsm', O_RDWR)
  if (fd < 0) return 1
  usleep(20000)
  ioctl(fd, 1)
  close(fd)
  return 0
}
