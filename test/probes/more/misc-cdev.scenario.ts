import { insmod, rmmod, spawn, wait } from 'klab/scenario'
import { tool, say, delmod } from './user'
import { open, read, close, O_RDWR, errno } from 'user/libc'
function u() {
  tool('misc-cdev')
  const fd = open('/dev/klabc1', O_RDWR)
  const b = new Uint8Array(4)
  say('read=' + read(fd, b, 4) + ' ' + b[0])
  say('read=' + read(fd, b, 4))
  const e = open('/dev/klabc1', O_RDWR)
  say('second=' + e + ' errno=' + errno())
  delmod('misc_cdev')
  close(fd)
  delmod('misc_cdev')
}
export default function () { insmod('misc_cdev'); wait(spawn(u)) }
