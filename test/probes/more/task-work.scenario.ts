import { insmod, rmmod, spawn, wait } from 'klab/scenario'
import { close, ioctl, O_RDWR, open } from 'user/libc'
import { say, tool } from './user'

function program() {
  tool('task-work')
  const fd = open('/dev/klabtw', O_RDWR)
  say('works=' + ioctl(fd, 1, 0))
  say('cancel=' + ioctl(fd, 2, 0))
  let other = open('/dev/klabtw', O_RDWR)
  ioctl(fd, 3, other)
  say('close=' + close(other))
  say('put=' + ioctl(fd, 4, 0))
  other = open('/dev/klabtw', O_RDWR)
  ioctl(fd, 3, other)
  close(other)
  say('thread=' + ioctl(fd, 5, 0))
  other = open('/dev/klabtw', O_RDWR)
  say('close=' + close(other))
  open('/dev/klabtw', O_RDWR)
}

export default function () {
  insmod('task_work')
  wait(spawn(program))
  rmmod('task_work')
}
