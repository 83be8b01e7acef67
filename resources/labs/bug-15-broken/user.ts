import { close, ioctl, open, O_RDWR, usleep } from 'user/libc'

const WMI_GET_SIZE = 1

/** Asks again and again how large a request may be, until the node is gone. */
export function client() {
  for (;;) {
    const fd = open('/dev/wmi/dell-smbios', O_RDWR)
    if (fd < 0) return 0
    ioctl(fd, WMI_GET_SIZE, 0)
    close(fd)
    usleep(500)
  }
}
