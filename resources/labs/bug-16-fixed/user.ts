import { close, ioctl, open, O_RDWR, usleep } from 'user/libc'

/** Opens the device and uses it now and then. */
export function client() {
  const fd = open('/dev/nsm', O_RDWR)
  if (fd < 0) return 1
  for (let request = 1; request <= 4; request++) {
    usleep(20000)
    ioctl(fd, request)
  }
  close(fd)
  return 0
}
