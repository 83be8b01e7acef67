import { insmod, msleep, rmmod, run_until_quiet, spawn, wait } from 'klab/scenario'
import { close, ioctl, open, O_RDWR } from 'user/libc'

const EXPORT = 1
const MOVE = 2
const IMPORT = 3

/** One program imports the buffer, the other one has it moved meanwhile. */
function importing() {
  const vram = open('/dev/vram', O_RDWR)
  const gpu = open('/dev/importer', O_RDWR)
  const fd = ioctl(vram, EXPORT, 0)
  if (fd >= 0) {
    ioctl(gpu, IMPORT, fd)
    close(fd)
  }
  close(gpu)
  close(vram)
}

function moving() {
  const vram = open('/dev/vram', O_RDWR)
  ioctl(vram, MOVE, 0)
  close(vram)
}

export default function () {
  insmod('vram')
  insmod('importer')
  const importer = spawn(importing)
  msleep(3)
  wait(spawn(moving))
  wait(importer)
  run_until_quiet()
  rmmod('importer')
  rmmod('vram')
}
