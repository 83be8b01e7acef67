import { insmod, msleep, spawn, wait } from 'klab/scenario'
import { say, script, tool } from './user'

function user() {
  tool('sync-file')
  script('/dev/klabdev', 'sync_file', 'open ioctl101 ioctl102')
  say('exit call=1')
}

export default function () {
  insmod('sync_file')
  msleep(1000)
  wait(spawn(user))
  msleep(100)
}
