import { close, ioctl, open, O_RDWR, usleep } from 'user/libc'

const SPI_IOC_MESSAGE = 1

/** Sends messages until the host refuses one. */
export function client() {
  const fd = open('/dev/spidev0.0', O_RDWR)
  if (fd < 0) return 1
  for (let word = 1; word <= 20; word++) {
    if (ioctl(fd, SPI_IOC_MESSAGE, { tx: word, rx: 0 }) < 0) break
    usleep(1000)
  }
  close(fd)
  return 0
}
