import { insmod, msleep, spawn, wait } from 'klab/scenario'
import {
  ioctl, load8, MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, mmap, mprotect, munmap, PROT_READ,
  PROT_WRITE, store8,
} from 'user/libc'
import { opendev, say, tool } from './user'

const PAGE = 4096
const AT = 0x10000000

function map(): number {
  return mmap(AT, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
}

function user() {
  tool('mm-pins')
  const fd = opendev('/dev/klabdev')
  const p = map()
  say(`map ok=${p === AT ? 1 : 0}`)
  ioctl(fd, 101, p)
  ioctl(fd, 102, p)
  mprotect(p, PAGE, PROT_READ)
  ioctl(fd, 103, p)
  mprotect(p, PAGE, PROT_READ | PROT_WRITE)
  store8(p, 0, 7)
  ioctl(fd, 104, p)
  munmap(p, 8 * PAGE)
  map()
  say(`after byte=${load8(p)}`)
  ioctl(fd, 105, p)
}

export default function () {
  insmod('mm_pins')
  msleep(1000)
  wait(spawn(user))
}
