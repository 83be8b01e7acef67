import { insmod, msleep, spawn, wait } from 'klab/scenario'
import { script, tool } from './user'

function main() {
  tool('mmu-get-put')
  script('/dev/klabdev', 'x', 'open map touch ioctl101 munmap exit')
}

export default function () {
  insmod('mmu_get_put')
  msleep(1000)
  wait(spawn(main))
}
