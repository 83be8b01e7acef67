import { insmod, msleep, spawn, wait } from 'klab/scenario'
import {
  catch_fault, fork, ioctl, load8, MAP_PRIVATE, MAP_SHARED, mmap, PROT_READ, PROT_WRITE, store8,
  waitpid,
} from 'user/libc'
import { opendev, say, tool } from './user'

const RW = PROT_READ | PROT_WRITE

function dies(p: number) {
  load8(p)
  say('not reached')
}

function user() {
  tool('mm-faults')
  const fd = opendev('/dev/klabdev')
  const shared = mmap(null, 8192, RW, MAP_SHARED, fd, 0)
  store8(shared, 0, 7)
  say(`read=${load8(shared)}`)
  ioctl(fd, 101, 0)
  say(`signal=${catch_fault(() => load8(shared + 4096))}`)
  const own = mmap(null, 4096, RW, MAP_PRIVATE, fd, 0)
  store8(own, 0, 8)
  say(`shared=${load8(shared)} own=${load8(own)}`)
  const frame = mmap(null, 4096, RW, MAP_SHARED, fd, 8 * 4096)
  say(`frame=${load8(frame)}`)
  store8(frame, 0, 9)
  say(`shared=${load8(shared)}`)
  ioctl(fd, 102, 0)
  say(`shared=${load8(shared)}`)
  say(`frame=${load8(frame)}`)
  ioctl(fd, 101, 0)
  ioctl(fd, 104, 0)
  say(`frame=${load8(frame)}`)
  ioctl(fd, 103, 0)
  say(`killed=${waitpid(fork(dies, frame))}`)
  say(`own=${load8(own)}`)
}

export default function () {
  insmod('mm_faults')
  msleep(1000)
  wait(spawn(user))
}
