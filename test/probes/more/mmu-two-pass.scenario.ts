import { insmod, msleep, spawn, wait } from 'klab/scenario'
import { script, tool } from './user'

function main() {
  tool('mmu-two-pass')
  script('/dev/klabdev', 'x', 'open map touch ioctl101 protro munmap67 munmap2 exit')
}

export default function () {
  insmod('mmu_two_pass')
  msleep(1000)
  wait(spawn(main))
}
