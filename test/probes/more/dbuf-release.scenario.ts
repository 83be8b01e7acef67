import { insmod, msleep, rmmod, spawn, wait } from 'klab/scenario'
import { close, dup, ioctl, open, O_RDWR } from 'user/libc'
import { say, tool } from './user'

function user() {
  tool('dbuf-release')
  const dev = open('/dev/klabdev', O_RDWR)
  ioctl(dev, 1, 0)
  say('call 1 back=1')
  ioctl(dev, 2, 0)
  say('call 2 back=1')
  const fd = ioctl(dev, 3, 0)
  const second = dup(fd)
  close(fd)
  say('closed first=1')
  close(second)
  say('closed second=1')
  close(dev)
}

export default function () {
  insmod('dbuf_release')
  wait(spawn(user))
  msleep(100)
  rmmod('dbuf_release')
}
