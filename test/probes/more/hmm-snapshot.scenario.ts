import { insmod, msleep, spawn, wait } from 'klab/scenario'
import { script, tool } from './user'

const OPS =
  'open map ioctl101 touch0 ioctl102 ioctl104 ioctl102 protro ioctl103 ' +
  'ioctl104 protnone ioctl102 ioctl103 protrw ioctl105 munmap2 ioctl102 ioctl104 exit'

function main() {
  tool('hmm-snapshot')
  script('/dev/klabdev', 'x', OPS)
}

export default function () {
  insmod('hmm_snapshot')
  msleep(1000)
  wait(spawn(main))
}
