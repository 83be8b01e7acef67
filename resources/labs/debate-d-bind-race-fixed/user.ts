import { _exit, ioctl, open, usleep } from 'user/libc'
import { MAP_ANONYMOUS, MAP_PRIVATE, mmap, PROT_READ, PROT_WRITE, store32 } from 'user/mman'

/** Gives the card work in its own memory, and ends while the card is at it. */
export function program() {
  const fd = open('/dev/sva')
  const memory = mmap(null, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  store32(memory, 0, 1)
  ioctl(fd, 1, memory)
  usleep(100)
  _exit(0)
}
