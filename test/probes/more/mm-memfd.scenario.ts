import { insmod, msleep, spawn, wait } from 'klab/scenario'
import {
  errno, F_ADD_SEALS, F_SEAL_WRITE, fcntl, fork, ftruncate, ioctl, load8, MAP_SHARED,
  memfd_create, MFD_ALLOW_SEALING, mmap, munmap, PROT_READ, PROT_WRITE, read, store8, waitpid,
} from 'user/libc'
import { opendev, say, tool } from './user'

const RW = PROT_READ | PROT_WRITE

function child(p: number) {
  store8(p, 4099, load8(p, 4099) + 10)
}

function seal(fd: number) {
  const r = fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE)
  say(`seal ret=${r} errno=${r < 0 ? errno() : 0}`)
}

function user() {
  tool('mm-memfd')
  const fd = opendev('/dev/klabdev')
  const mem = memfd_create('pool', MFD_ALLOW_SEALING)
  ftruncate(mem, 8192)
  const p = mmap(null, 8192, RW, MAP_SHARED, mem, 0)
  store8(p, 4099, 1)
  ioctl(fd, 101, p)
  ioctl(fd, 102, p)
  say(`byte=${load8(p, 4099)}`)
  waitpid(fork(child, p))
  ioctl(fd, 102, p)
  say(`byte=${load8(p, 4099)}`)
  seal(mem)
  munmap(p, 8192)
  seal(mem)
  const buffer = new Uint8Array(8192)
  say(`read=${read(mem, buffer, 8192)} byte=${buffer[4099]}`)
  ioctl(fd, 103, p)
  seal(mem)
}

export default function () {
  insmod('mm_memfd')
  msleep(1000)
  wait(spawn(user))
}
