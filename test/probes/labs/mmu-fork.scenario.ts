import { insmod, msleep, spawn, wait } from 'klab/scenario'
import { script, tool } from './user'

function main() {
  tool('mmu-fork')
  script('/dev/klabdev', 'x', 'open map touch ioctl101 fork forkwrite touch0 fork exit')
}

export default function () {
  insmod('mmu_fork')
  msleep(1000)
  wait(spawn(main))
}
