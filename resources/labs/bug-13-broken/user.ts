import { close, open, O_RDWR, usleep } from 'user/libc'

/** Opens the switch and keeps it for a while. */
export function client() {
  const fd = open('/dev/switchtec0', O_RDWR)
  if (fd < 0) return 1
  usleep(40000)
  close(fd)
  return 0
}
