import { insmod, msleep, spawn, wait } from 'klab/scenario'
import { script, tool } from './user'

function main() {
  tool('mmu-after-exit')
  script('/dev/klabdev', 'x', 'open map touch ioctl101 exit')
}

export default function () {
  insmod('mmu_after_exit')
  msleep(1000)
  wait(spawn(main))
}
