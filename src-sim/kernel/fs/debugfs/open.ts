import { machine } from '../../../engine/current'
import { call, type Sim } from '../../../engine/suspend'
import { modulePut, tryModuleGet } from '../../base/module'
import { EINVAL, EIO, EISDIR, ENOENT, ENOTTY, ENXIO, ESPIPE } from '../../errno'
import { memoryAccess } from '../../mm/watch'
import { file, fopsOf, type file_operations } from '../file'
import { findEntry, type dentry } from './tree'

export const DEBUGFS_ROOT = '/sys/kernel/debug'
const POLLHUP = 0x10

/** The entry behind an open file, and the driver's own operations. */
const entries = new WeakMap<file, dentry>()

export const entryOf = (f: file): dentry | null => entries.get(f) ?? null

/** Calls one of the driver's functions unless the file has been removed, which waits for us. */
function* guarded<T>(
  entry: dentry, name: keyof file_operations, gone: T, missing: T, args: unknown[],
): Sim<T> {
  const real = entry.$fops!
  if (!entry.$users.enter()) return gone
  memoryAccess(machine()).touch(real, name, false)
  const f = real[name] as ((...args: unknown[]) => T) | null | undefined
  const ret = f ? yield* call(() => f(...args)) : missing
  entry.$users.leave()
  return ret
}

/** Operations that look first whether the file is still there. */
function proxy(entry: dentry): file_operations {
  const through =
    (name: keyof file_operations, gone: number, missing: number) =>
    (...args: unknown[]) =>
      entry.$fops?.[name]
        ? guarded(entry, name, gone, missing, args)
        : missing
  return {
    owner: entry.$fops?.owner ?? null,
    read: through('read', -EIO, -EINVAL),
    write: through('write', -EIO, -EINVAL),
    llseek: through('llseek', -EIO, -ESPIPE),
    unlocked_ioctl: through('unlocked_ioctl', -EIO, -ENOTTY),
    ...(entry.$fops?.poll ? { poll: through('poll', POLLHUP, 0) } : {}),
    ...(entry.$fops?.mmap ? { mmap: through('mmap', -EIO, -19) } : {}),
    // The driver's release runs even for a file that is gone.
    release: (node: unknown, f: unknown) =>
      entry.$fops?.release?.(node as never, f as never) ?? 0,
  } as unknown as file_operations
}

/** Opens a file of debugfs: the file, or -errno. */
export function* openDebugfs(path: string, flags: number): Sim<file | number> {
  const entry = findEntry(path.slice(DEBUGFS_ROOT.length))
  if (entry === null) return -ENOENT
  if (entry.$children !== null) return -EISDIR
  if (!entry.$users.enter()) return -ENOENT
  const f = new file(entry.d_inode)
  f.f_flags = flags
  f.$path = path
  const error = yield* openReal(entry, f)
  entry.$users.leave()
  return error !== 0 ? error : f
}

function* openReal(entry: dentry, f: file): Sim<number> {
  const real = entry.$fops
  if (!tryModuleGet(real?.owner ?? null, fopsOf(f))) return -ENXIO
  f.$pinned = real?.owner ?? null
  entries.set(f, entry)
  f.f_op = entry.$unsafe ? real : proxy(entry)
  const open = real?.open
  const error = Number((open ? yield* call(() => open(f.f_inode, f)) : 0) ?? 0)
  if (error !== 0) modulePut(f.$pinned, fopsOf(f))
  return error
}
