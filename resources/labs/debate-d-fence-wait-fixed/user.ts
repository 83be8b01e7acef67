import { close, ioctl, open, usleep } from 'user/libc'
import { MAP_ANONYMOUS, MAP_PRIVATE, mmap, munmap, PROT_READ, PROT_WRITE, store32 } from 'user/mman'

/** Gives the card a job in its memory, and unmaps that. */
export function program() {
  const fd = open('/dev/gpu')
  const memory = mmap(null, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  store32(memory, 0, 1)
  ioctl(fd, 1, { addr: memory, size: 4096 })
  usleep(100)
  munmap(memory, 4096)
  close(fd)
}
