import { close, delete_module, errno, init_module, ioctl, O_CLOEXEC, O_NONBLOCK, O_RDWR, O_WRONLY, open, read, write } from 'user/libc'
import { memory_op, window_at } from './user_memory'

/** The helper program of the probes: does one thing after the other and tells how it went. */
let kmsg = -1
let id = '?'

export function tool(probe: string) {
  kmsg = open('/dev/kmsg', O_WRONLY | O_CLOEXEC)
  id = probe
}

export function say(text: string, who = 'user') {
  write(kmsg, `<5>KLAB ${id} ${who} ${text}\n`)
}

/** The program that the helper replaces itself by. */
function say_again(text: string) {
  kmsg = open('/dev/kmsg', O_WRONLY | O_CLOEXEC)
  say(text)
}

const err = (r: number) => (r < 0 ? errno() : 0)

export function opendev(path: string): number {
  const fd = open(path, O_RDWR | O_CLOEXEC)
  say(`open ok=${fd >= 0 ? 1 : 0} errno=${err(fd)}`)
  return fd
}

export function delmod(name: string) {
  const r = delete_module(name, O_NONBLOCK)
  say(`delete_module ret=${r} errno=${err(r)}`)
}

export function loadmod(name: string, args = '') {
  const r = init_module(name, args)
  say(`init_module ret=${r} errno=${err(r)}`)
}

export function write_text(path: string, text: string) {
  const fd = open(path, O_WRONLY)
  const r = fd < 0 ? -1 : write(fd, text, text.length)
  const error = err(r)
  say(`write ${path.split('/').pop()} value=${text} ret=${r} errno=${error}`)
  if (fd >= 0) close(fd)
}

export function script(dev: string, mod: string, ops: string) {
  let fd = -1
  for (const o of ops.split(' ')) {
    if (o === 'open') fd = opendev(dev)
    else if (o === 'close') {
      const r = close(fd)
      say(`close ret=${r} errno=${err(r)}`)
    } else if (o === 'delmod') delmod(mod)
    else if (o === 'read') {
      const r = read(fd, new Uint8Array(16), 16)
      say(`read ret=${r} errno=${err(r)}`)
    } else if (o.startsWith('ioctl')) {
      const cmd = Number(o.slice(5))
      const r = ioctl(fd, cmd, window_at())
      say(`ioctl cmd=${cmd} ret=${r} errno=${err(r)}`)
    } else memory_op(o, say, say_again)
  }
  if (fd >= 0) close(fd)
}
