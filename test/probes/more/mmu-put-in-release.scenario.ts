import { insmod, msleep, rmmod, spawn, wait } from 'klab/scenario'
import { script, tool } from './user'

function main() {
  tool('mmu-put-in-release')
  script('/dev/klabdev', 'x', 'open map touch ioctl101 munmap exit')
}

export default function () {
  insmod('mmu_put_in_release')
  msleep(1000)
  wait(spawn(main))
  rmmod('mmu_put_in_release')
}
