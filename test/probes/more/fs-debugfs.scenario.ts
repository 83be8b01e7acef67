import { insmod, rmmod, spawn, wait } from 'klab/scenario'
import { close, errno, lseek, O_RDONLY, O_RDWR, open, read, read_file, SEEK_SET, write } from 'user/libc'
import { delmod, say, tool, write_text } from './user'

const ROOT = '/sys/kernel/debug/klab/'
const line = (name: string) => say(`${name}=${(read_file(ROOT + name) ?? `errno ${errno()}`).replaceAll('\n', '|')}`)

function program() {
  tool('fs-debugfs')
  for (const name of ['u8', 'u32', 'x16', 'x64', 'flag', 'str', 'atomic', 'one', 'list', 'num', 'zero']) line(name)
  write_text(ROOT + 'u8', '257')
  line('u8')
  write_text(ROOT + 'u8', 'abc')
  write_text(ROOT + 'u32', '1')
  write_text(ROOT + 'flag', 'Y')
  line('flag')
  write_text(ROOT + 'flag', 'maybe')
  write_text(ROOT + 'atomic', '-12')
  line('atomic')
  write_text(ROOT + 'num', '0x10')
  line('num')
  write_text(ROOT + 'num', '101')
  write_text(ROOT + 'one', '1')
  const big = open(ROOT + 'big', O_RDONLY)
  const buf = new Uint8Array(8192)
  say(`big=${read(big, buf, 8192)},${read(big, buf, 8192)}`)
  say(`seek=${lseek(big, 5, SEEK_SET)} read=${read(big, buf, 3)} first=${buf[0]}`)
  close(big)
  const part = open(ROOT + 'list', O_RDONLY)
  say(`part=${read(part, buf, 3)},${read(part, buf, 100)},${read(part, buf, 100)}`)
  delmod('fs_debugfs')
  close(part)
  const slow = open(ROOT + 'slow', O_RDONLY)
  const left = open(ROOT + 'u32', O_RDWR)
  write_text(ROOT + 'go', '1')
  say(`slow=${read(slow, buf, 10)}`)
  say(`slow=${read(slow, buf, 10)} errno=${errno()}`)
  say(`left=${read(left, buf, 10)} errno=${errno()}`)
  say(`write=${write(left, '1')} errno=${errno()}`)
  say(`reopen=${open(ROOT + 'u32', O_RDONLY)} errno=${errno()}`)
}

export default function () {
  insmod('fs_debugfs')
  wait(spawn(program))
  rmmod('fs_debugfs')
}
