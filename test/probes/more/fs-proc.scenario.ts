import { cat, echo, insmod, rmmod, spawn, wait } from 'klab/scenario'
import { close, errno, O_RDONLY, O_RDWR, open, read, read_file, write } from 'user/libc'
import { say, tool } from './user'

const line = (name: string) => say(`${name}=${(read_file('/proc/klab/' + name) ?? `errno ${errno()}`).replaceAll('\n', '|')}`)

function program() {
  tool('fs-proc')
  for (const name of ['one', 'two', 'seq', 'none']) line(name)
  const fd = open('/proc/klab/dev', O_RDWR)
  const other = open('/proc/klab/dev', O_RDWR)
  const buf = new Uint8Array(8)
  close(other)
  say(`write=${write(fd, 'remove')}`)
  say(`read=${read(fd, buf, 8)} errno=${errno()}`)
  say(`read=${read(fd, buf, 8)} errno=${errno()}`)
  say(`write=${write(fd, 'x')} errno=${errno()}`)
  say(`close=${close(fd)}`)
  say(`open=${open('/proc/klab/dev', O_RDONLY)} errno=${errno()}`)
}

export default function () {
  insmod('fs_proc')
  const text = cat('/proc/klab/two')
  echo('/dev/kmsg', `<5>KLAB fs-proc cat ${typeof text === 'string' ? text.length : text}`)
  wait(spawn(program))
  rmmod('fs_proc')
}
