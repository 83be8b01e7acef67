import { insmod, rmmod, run_until_quiet, spawn, wait } from 'klab/scenario'
import { close, ioctl, open, O_RDWR } from 'user/libc'

const ALLOC = 1
const FIRST_FREE = 4

/** A program hands in an address where nothing can be stored, and closes what it guesses it got. */
function user() {
  const fd = open('/dev/fastrpc', O_RDWR)
  ioctl(fd, ALLOC, { size: 4096, result: null })
  close(FIRST_FREE)
  close(fd)
}

export default function () {
  insmod('fastrpc')
  wait(spawn(user))
  run_until_quiet()
  rmmod('fastrpc')
}
