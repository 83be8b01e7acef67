import { insmod, msleep, spawn, wait } from 'klab/scenario'
import { script, tool } from './user'

function main() {
  tool('mmu-exec')
  script('/dev/klabdev', 'x', 'open map touch ioctl101 exec')
}

export default function () {
  insmod('mmu_exec')
  msleep(1000)
  wait(spawn(main))
}
