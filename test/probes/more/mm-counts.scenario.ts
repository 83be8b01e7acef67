import { insmod, msleep, spawn, wait } from 'klab/scenario'
import {
  close, exit, ioctl, load8, MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, MAP_SHARED, mmap, PROT_READ,
  PROT_WRITE, write,
} from 'user/libc'
import { opendev, say, tool } from './user'

const AT = 0x10000000
const RW = PROT_READ | PROT_WRITE

function first() {
  tool('mm-counts')
  const fd = opendev('/dev/klabdev')
  mmap(AT, 4096, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
  ioctl(fd, 101, AT)
  say(`byte=${load8(AT)}`)
  mmap(null, 4096, RW, MAP_SHARED, fd, 0)
  ioctl(fd, 102, AT)
  say('exit call=1')
  exit(0)
}

function second() {
  tool('mm-counts')
  const fd = opendev('/dev/klabdev')
  write(fd, 'x', 1)
  say('written=1')
  close(fd)
}

export default function () {
  insmod('mm_counts')
  msleep(1000)
  wait(spawn(first))
  msleep(100)
  wait(spawn(second))
}
