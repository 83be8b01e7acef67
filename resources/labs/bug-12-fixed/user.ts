import { close, open, O_RDWR, usleep } from 'user/libc'

/** Opens the device, takes its time, and closes it. */
export function client() {
  const fd = open('/dev/hidg0', O_RDWR)
  if (fd < 0) return 1
  usleep(20000)
  close(fd)
  return 0
}
