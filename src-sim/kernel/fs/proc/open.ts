import { machine } from '../../../engine/current'
import { call, type Sim } from '../../../engine/suspend'
import { EINVAL, EIO, EISDIR, ENOENT, ENOTTY } from '../../errno'
import { memoryAccess } from '../../mm/watch'
import { file, type file_operations } from '../file'
import { findProc, releaseProc, type proc_dir_entry, type proc_ops } from './tree'

export const PROC_ROOT = '/proc'
const READY = 0x1 | 0x40 | 0x4 | 0x100

/** Calls a function of the driver, unless the entry has been removed. */
function* guarded(
  entry: proc_dir_entry, name: keyof proc_ops, missing: number, args: unknown[],
): Sim<number> {
  if (!entry.$users.enter()) return missing
  memoryAccess(machine()).touch(entry.$ops, name, false)
  const f = entry.$ops[name] as ((...args: unknown[]) => unknown) | null | undefined
  const ret = f ? Number((yield* call(() => f(...args))) ?? 0) : missing
  entry.$users.leave()
  return ret
}

function operations(entry: proc_dir_entry): file_operations {
  const through =
    (name: keyof proc_ops, missing: number) =>
    (...args: unknown[]) =>
      guarded(entry, name, missing, args)
  return {
    read: through('proc_read', -EIO),
    write: through('proc_write', -EIO),
    llseek: through('proc_lseek', -EINVAL),
    poll: through('proc_poll', READY),
    unlocked_ioctl: through('proc_ioctl', -ENOTTY),
    mmap: through('proc_mmap', -EIO),
    release: (_node: unknown, f: file) => releaseProc(entry, f),
  } as unknown as file_operations
}

/** Opens a file in /proc: the file, or -errno. */
export function* openProc(path: string, flags: number): Sim<file | number> {
  const entry = findProc(path.slice(PROC_ROOT.length))
  if (entry === null) return -ENOENT
  if (entry.$children !== null) return -EISDIR
  if (!entry.$users.enter()) return -ENOENT
  const f = new file(entry.$inode)
  f.f_op = operations(entry)
  f.f_flags = flags
  f.$path = path
  const open = entry.$ops.proc_open
  const error = Number((open ? yield* call(() => open(entry.$inode, f)) : 0) ?? 0)
  if (error === 0) entry.$open.add(f)
  entry.$users.leave()
  return error !== 0 ? error : f
}
