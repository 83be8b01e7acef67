import type { Sim } from '../../engine/suspend'
import { EACCES, EISDIR, ENODEV, ENOENT } from '../errno'
import { showFile, storeFile, sysfs, transferBytes, type SysfsFile } from '../base/sysfs'
import { machine } from '../../engine/current'
import { file, inode, type file_operations, type poll_table } from './file'
import { POLLERR } from './poll'

const POLLPRI = 2
/** What every file under /sys is: POLLIN, POLLOUT and their normal-data twins. */
const READABLE = 0x145

/** What a program writes, as text. */
export const textOf = (bytes: unknown, count: number): string => {
  if (typeof bytes === 'string') return bytes.slice(0, count)
  let text = ''
  for (const byte of (bytes as Uint8Array).subarray(0, count)) text += String.fromCharCode(byte)
  return text
}

/** A file of bytes: each read and write says where. */
function openBinary(node: SysfsFile, path: string, flags: number): file {
  const f = new file(new inode())
  const move = function* (
    buf: Uint8Array, count: number, ppos: { value: number }, write: boolean,
  ): Sim<number> {
    const ret = yield* transferBytes(node, f, buf, ppos.value, count, write)
    if (ret > 0) ppos.value += ret
    return ret
  }
  const ops = {
    read: (_f: file, buf: Uint8Array, count: number, ppos: { value: number }) =>
      move(buf, count, ppos, false),
    write: (_f: file, buf: Uint8Array, count: number, ppos: { value: number }) =>
      move(buf, count, ppos, true),
    llseek: (_f: file, offset: number, whence: number) => {
      const base = whence === 1 ? f.f_pos : whence === 2 ? node.ops.binary!.size : 0
      return (f.f_pos = base + offset)
    },
  }
  f.f_op = ops as unknown as file_operations
  f.f_flags = flags
  f.$path = path
  return f
}

/**
 * Opens a file under /sys. The descriptor outlives the attribute: uses of it then give -ENODEV
 * (DM-52).
 */
export function openSysfs(path: string, flags: number): file | number {
  const node = sysfs(machine()).lookup(path.replace(/^\/sys/, ''))
  if (!node) return -ENOENT
  if (node.kind !== 'file') return -EISDIR
  const mode = flags & 3
  const { binary } = node.ops
  const readable = node.ops.show ?? binary?.read
  const writable = node.ops.store ?? binary?.write
  if ((mode !== 1 && !readable) || (mode !== 0 && !writable)) return -EACCES
  if (binary) return openBinary(node, path, flags)
  let shown: string | null = null
  let seen = node.events
  const ops = {
    *read(f: file, buf: Uint8Array, count: number): Sim<number> {
      if (node.removed) return -ENODEV
      if (shown === null || f.f_pos === 0) {
        seen = node.events
        const text = yield* showFile(node)
        if (typeof text === 'number') return text
        shown = text
      }
      const part = shown.slice(f.f_pos, f.f_pos + count)
      for (let i = 0; i < part.length; i++) buf[i] = part.charCodeAt(i)
      f.f_pos += part.length
      return part.length
    },
    poll(_f: file, table: poll_table): number {
      table.queues.push(node.pollers)
      return READABLE | (node.events === seen ? 0 : POLLERR | POLLPRI)
    },
    *write(_f: file, buf: unknown, count: number): Sim<number> {
      return yield* storeFile(node, textOf(buf, count))
    },
  }
  const f = new file(new inode())
  f.f_op = ops as unknown as file_operations
  f.f_flags = flags
  f.$path = path
  return f
}
