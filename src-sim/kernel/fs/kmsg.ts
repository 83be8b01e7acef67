import { machine } from '../../engine/current'
import { EINVAL } from '../errno'
import { kernelLog } from '../printk/log'
import { inode } from './devnodes'
import { file, type file_operations } from './file'
import { textOf } from './sysfs-file'

export const KMSG = '/dev/kmsg'

const DEFAULT_LEVEL = 4
const LINE_MAX = 1024

/** One write is one message; `<5>` in front of it is its level, beside a facility. */
export function writeKmsg(text: string): number {
  if (text.length > LINE_MAX) return -EINVAL
  const prefix = /^<(\d+)>/.exec(text)
  const level = prefix ? Number(prefix[1]) & 7 : DEFAULT_LEVEL
  const message = text.slice(prefix?.[0].length ?? 0).replace(/\n$/, '')
  kernelLog(machine()).print(level, `${message}\n`)
  return text.length
}

/** The kernel log as a program writes to it. */
export function openKmsg(flags: number): file {
  const ops: file_operations = {
    write: (_f, buf, count) => writeKmsg(textOf(buf, count)),
  }
  const f = new file(new inode())
  f.f_op = ops
  f.f_flags = flags
  f.$path = KMSG
  return f
}
