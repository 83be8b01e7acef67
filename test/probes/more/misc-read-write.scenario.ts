import { insmod, spawn, wait, rmmod } from 'klab/scenario'
import { tool, say } from './user'
import { open, read, write, poll, close, O_RDWR, POLLIN, POLLOUT, errno, type pollfd } from 'user/libc'
function u() {
  tool('misc-read-write')
  const fd = open('/dev/klabrw', O_RDWR)
  const q: pollfd = { fd, events: POLLIN | POLLOUT, revents: 0 }
  say('poll=' + poll([q], 1, 0) + ' revents=' + q.revents)
  say('write=' + write(fd, 'hello'))
  say('poll=' + poll([q], 1, 0) + ' revents=' + q.revents)
  const b = new Uint8Array(16)
  say('read=' + read(fd, b, 16) + ' c=' + b[1])
  say('read=' + read(fd, b, 16))
  say('write_big=' + write(fd, b, 100) + ' errno=' + errno())
  const fd2 = open('/dev/nosuch', O_RDWR)
  say('open=' + fd2 + ' errno=' + errno())
}
export default function () {
  insmod('misc_read_write')
  const p = spawn(u)
  wait(p)
  rmmod('misc_read_write')
}
