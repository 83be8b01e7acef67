import { insmod, msleep, spawn, wait } from 'klab/scenario'
import { say, tool } from './user'

function user() {
  tool('dbuf-detach-leak')
  say('later=1')
}

export default function () {
  insmod('dbuf_detach_leak')
  msleep(1000)
  wait(spawn(user))
}
