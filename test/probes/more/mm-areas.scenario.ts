import { insmod, msleep, spawn, wait } from 'klab/scenario'
import {
  close, errno, exit, fork, ioctl, MAP_FAILED, MAP_FIXED, MAP_PRIVATE, MAP_SHARED, mmap, munmap,
  PROT_READ, PROT_WRITE, waitpid,
} from 'user/libc'
import { opendev, say, tool } from './user'

const PAGE = 4096
const AT = 0x10000000
const RW = PROT_READ | PROT_WRITE

function map(fd: number, flags: number, page: number): number {
  const p = mmap(AT, 4 * PAGE, RW, flags | MAP_FIXED, fd, page * PAGE)
  say(`mmap ok=${p !== MAP_FAILED ? 1 : 0} errno=${p === MAP_FAILED ? errno() : 0}`)
  return p
}

function unmap(at: number, pages: number) {
  const r = munmap(at, pages * PAGE)
  say(`munmap ret=${r} errno=${r < 0 ? errno() : 0}`)
}

function child() {
  say('started=1', 'child')
  exit(0)
}

function user() {
  tool('mm-areas')
  const fd = opendev('/dev/klabdev')
  map(fd, MAP_SHARED, 200)
  map(fd, MAP_SHARED, 100)
  ioctl(fd, 101, AT)
  unmap(AT, 1)
  unmap(AT, 4)
  ioctl(fd, 101, AT)
  map(fd, MAP_PRIVATE, 7)
  unmap(AT + PAGE, 1)
  ioctl(fd, 101, AT + PAGE)
  waitpid(fork(child))
  unmap(AT, 4)
  map(fd, MAP_SHARED, 300)
  waitpid(fork(child))
  map(fd, MAP_SHARED, 8)
  close(fd)
  say('exit call=1')
}

export default function () {
  insmod('mm_areas')
  msleep(1000)
  wait(spawn(user))
}
