import { insmod, rmmod, run_until_quiet, spawn, wait } from 'klab/scenario'
import { close, ioctl, open, O_RDWR } from 'user/libc'
import { MAP_SHARED, mmap, munmap, PROT_READ, PROT_WRITE, store32 } from 'user/mman'

const EXPORT = 1
const MOVE = 2
const REVOKE = 3
const ATTACH = 10
const READ = 11
const DETACH = 12

/** A program that shares one buffer with three importers, and has it moved and taken away. */
function user() {
  const vram = open('/dev/vram', O_RDWR)
  const importers = open('/dev/importers', O_RDWR)
  const fd = ioctl(vram, EXPORT, 0)
  if (fd >= 0) {
    const at = mmap(null, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
    store32(at, 0, 0x11)
    if (ioctl(importers, ATTACH, { fd, addr: at }) === 0) {
      ioctl(importers, READ, 0)
      ioctl(vram, MOVE, 0)
      ioctl(importers, READ, 0)
      store32(at, 0, 0x22)
      ioctl(importers, READ, 0)
      ioctl(vram, REVOKE, 0)
      ioctl(importers, READ, 0)
      ioctl(importers, DETACH, 0)
    }
    munmap(at, 4096)
    close(fd)
  }
  close(importers)
  close(vram)
}

export default function () {
  insmod('vram')
  insmod('importers')
  wait(spawn(user))
  run_until_quiet()
  rmmod('importers')
  rmmod('vram')
}
