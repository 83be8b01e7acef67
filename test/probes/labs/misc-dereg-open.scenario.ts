import { insmod, msleep, spawn, wait } from 'klab/scenario'
import { script, tool } from './user'

function first() {
  tool('misc-dereg-open')
  script('/dev/klabdev', 'misc_dereg_open', 'open ioctl200 ioctl300 read ioctl100 ioctl200 delmod close')
}
function second() {
  tool('misc-dereg-open')
  script('/dev/klabdev', 'misc_dereg_open', 'open delmod')
}

export default function () {
  insmod('misc_dereg_open')
  msleep(1000)
  wait(spawn(first))
  wait(spawn(second))
}
