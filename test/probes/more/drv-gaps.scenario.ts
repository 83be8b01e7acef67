import { insmod, rmmod, spawn, wait } from 'klab/scenario'
import { close, errno, lseek, O_RDONLY, O_RDWR, open, read, read_file, SEEK_SET, write } from 'user/libc'
import { say, tool, write_text } from './user'

const WQ = '/sys/bus/workqueue/devices/'
const KID = '/sys/devices/klabq/kid/'
const show = (path: string) => say(`${path.split('/').slice(-2).join('/')}=${(read_file(path) ?? `errno ${errno()}`).replaceAll('\n', '|')}`)

function program() {
  tool('drv-gaps')
  const fd = open(KID + 'regs', O_RDWR)
  const buf = new Uint8Array(16)
  say(`write=${write(fd, 'abc')} write=${write(fd, 'defghijkl')} write=${write(fd, 'x')} errno=${errno()}`)
  say(`seek=${lseek(fd, 2, SEEK_SET)} read=${read(fd, buf, 16)} byte=${buf[0]} read=${read(fd, buf, 16)}`)
  close(fd)
  const rom = open(KID + 'rom', O_RDWR)
  say(`rom=${rom} errno=${errno()}`)
  const ro = open(KID + 'rom', O_RDONLY)
  say(`read=${read(ro, buf, 4)}`)
  say(`old=${open('/sys/devices/klabp/kid/regs', O_RDONLY)} errno=${errno()}`)
  for (const name of ['klabwq/per_cpu', 'klabwq/max_active', 'klabwq/nice', 'klabpc/per_cpu', 'klabpc/max_active', 'klabpc/nice']) show(WQ + name)
  write_text(WQ + 'klabwq/max_active', '7')
  show(WQ + 'klabwq/max_active')
  write_text(WQ + 'klabwq/max_active', '0')
  write_text(WQ + 'klabwq/nice', '-21')
  write_text(WQ + 'klabwq/nice', '3')
  show(WQ + 'klabwq/nice')
}

export default function () {
  insmod('drv_gaps')
  wait(spawn(program))
  rmmod('drv_gaps')
}
