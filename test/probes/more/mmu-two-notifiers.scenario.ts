import { insmod, msleep, spawn, wait } from 'klab/scenario'
import { script, tool } from './user'

function main() {
  tool('mmu-two-notifiers')
  script('/dev/klabdev', 'x', 'open map touch ioctl101 protro munmap2 munmap ioctl102 exit')
}

export default function () {
  insmod('mmu_two_notifiers')
  msleep(1000)
  wait(spawn(main))
}
