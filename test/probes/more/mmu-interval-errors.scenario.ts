import { insmod, msleep, spawn, wait } from 'klab/scenario'
import { script, tool } from './user'

const OPS =
  'open map touch ioctl101 munmap67 ioctl102 protro ' +
  'ioctl102 protrw touch0 ioctl102 ioctl103 munmap exit'

function main() {
  tool('mmu-interval-errors')
  script('/dev/klabdev', 'x', OPS)
}

export default function () {
  insmod('mmu_interval_errors')
  msleep(1000)
  wait(spawn(main))
}
