import { insmod, msleep, spawn, wait } from 'klab/scenario'
import { script, tool } from './user'

const OPS =
  'open map ioctl101 touch protro protrw touch protnone protrw touch mremap munmap2 munmap67 ' +
  'munmap ioctl102 map munmap exit'

function main() {
  tool('mmu-events')
  script('/dev/klabdev', 'x', OPS)
}

export default function () {
  insmod('mmu_events')
  msleep(1000)
  wait(spawn(main))
}
