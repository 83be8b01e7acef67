import { close, exit, ioctl, open, usleep } from 'user/libc'
import { MAP_ANONYMOUS, MAP_PRIVATE, mmap, munmap, PROT_READ, PROT_WRITE, store32 } from 'user/mman'
import { pthread_create, pthread_join } from 'user/unistd'

const BYTES = 4 * 4096

/** Gives the buffer back while the other thread hands it to the card. */
function unmapper(buffer: number) {
  usleep(500)
  munmap(buffer, BYTES)
}

export function renderer() {
  const fd = open('/dev/xe')
  if (fd < 0) exit(1)
  const buffer = mmap(null, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  for (let at = 0; at < BYTES; at += 4096) store32(buffer, at, 1)
  const other = pthread_create(unmapper, buffer)
  ioctl(fd, 1, { addr: buffer, range: BYTES })
  pthread_join(other)
  close(fd)
}
