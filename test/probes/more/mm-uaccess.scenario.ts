import { insmod, msleep, spawn, wait } from 'klab/scenario'
import {
  ioctl, MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, mmap, mprotect, PROT_READ, PROT_WRITE, strcpy,
} from 'user/libc'
import { opendev, tool } from './user'

const PAGE = 4096
const AT = 0x10000000

function user() {
  tool('mm-uaccess')
  const fd = opendev('/dev/klabdev')
  mmap(AT, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
  ioctl(fd, 101, AT)
  strcpy(AT, 'hello')
  ioctl(fd, 102, AT)
  mprotect(AT, 2 * PAGE, PROT_READ)
  ioctl(fd, 103, AT)
}

export default function () {
  insmod('mm_uaccess')
  msleep(1000)
  wait(spawn(user))
}
