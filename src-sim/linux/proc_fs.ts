import type { Sim } from '../engine/suspend'
import { kernelCall, quiet } from '../kernel/api'
import * as p from '../kernel/fs/proc/tree'
import { proc_dir_entry, type proc_ops } from '../kernel/fs/proc/tree'
import type { inode } from '../kernel/fs/file'
import {
  __seq_open_private, seq_lseek, seq_open, seq_read, seq_release, seq_release_private, single_open,
  single_release, type seq_file, type seq_operations,
} from './seq_file'
import { ENOMEM } from './errno'
import type { umode_t } from './types'

/** Brought along, as by the C header. */
export * from './fs'
export * from './types'

/**
 * Files in /proc: `linux/proc_fs`. Removal waits for those inside a file's functions and calls
 * `proc_release` for files that are still open, which answer -EIO from then on.
 */
export { proc_dir_entry, type proc_ops } from '../kernel/fs/proc/tree'

export const PROC_ENTRY_PERMANENT = 1

type Parent = proc_dir_entry | null
const DIRECTORY = 0o040000
const REGULAR = 0o100000

const regular = (mode: umode_t): umode_t => {
  const typed = mode & 0o170000 ? mode : mode | REGULAR
  return typed & 0o7777 ? typed : typed | 0o444
}

/** A file with these functions; `data` is what `pde_data` answers. The entry, or null. */
export const proc_create_data = kernelCall(
  'proc_create_data',
  (name: string, mode: umode_t, parent: Parent, ops: proc_ops, data: any) =>
    p.register(name, regular(mode), parent, data, ops),
)
export const proc_create = kernelCall(
  'proc_create',
  (name: string, mode: umode_t, parent: Parent, ops: proc_ops) =>
    p.register(name, regular(mode), parent, null, ops),
)
/** A directory; null as the parent is /proc itself. */
export const proc_mkdir = kernelCall('proc_mkdir', (name: string, parent: Parent) =>
  p.register(name, DIRECTORY | 0o555, parent, null, null),
)
export const proc_mkdir_mode = kernelCall(
  'proc_mkdir_mode',
  (name: string, mode: umode_t, parent: Parent) =>
    p.register(name, DIRECTORY | mode, parent, null, null),
)
export const proc_mkdir_data = kernelCall(
  'proc_mkdir_data',
  (name: string, mode: umode_t, parent: Parent, data: any) =>
    p.register(name, DIRECTORY | (mode || 0o555), parent, data, null),
)

/** A read-only file of one record. */
export const proc_create_single_data = kernelCall(
  'proc_create_single_data',
  (
    name: string, mode: umode_t, parent: Parent,
    show: (m: seq_file, v: any) => number, data: any,
  ) =>
    p.register(name, regular(mode), parent, data, {
      proc_open: (_node, f) => single_open(f, show, data),
      proc_read: seq_read,
      proc_lseek: seq_lseek,
      proc_release: single_release,
    }),
)
export const proc_create_single = (
  name: string, mode: umode_t, parent: Parent, show: (m: seq_file, v: any) => number,
) => proc_create_single_data(name, mode, parent, show, null)

/** A read-only file of records; `state_size` is a structure (or size) for `m.private`, or 0. */
export const proc_create_seq_private = kernelCall(
  'proc_create_seq_private',
  (
    name: string, mode: umode_t, parent: Parent, ops: seq_operations,
    state_size: (new () => object) | number, data: any,
  ) =>
    p.register(name, regular(mode), parent, data, {
      proc_open: (_node, f) => {
        if (!state_size) return seq_open(f, ops)
        return __seq_open_private(f, ops, state_size) ? 0 : -ENOMEM
      },
      proc_read: seq_read,
      proc_lseek: seq_lseek,
      proc_release: state_size ? seq_release_private : seq_release,
    }),
)
export const proc_create_seq_data = (
  name: string, mode: umode_t, parent: Parent, ops: seq_operations, data: any,
) => proc_create_seq_private(name, mode, parent, ops, 0, data)
export const proc_create_seq = (
  name: string, mode: umode_t, parent: Parent, ops: seq_operations,
) => proc_create_seq_private(name, mode, parent, ops, 0, null)

/** What the entry was made with. */
export const pde_data = quiet((node: inode): any => node.i_private)

/** Removes an entry that must be empty. May sleep. */
export const remove_proc_entry = kernelCall(
  'remove_proc_entry',
  (name: string, parent: Parent): Sim => p.removeEntry(name, parent),
)
/** Removes an entry with all below it: 0 or -ENOENT. May sleep. */
export const remove_proc_subtree = kernelCall(
  'remove_proc_subtree',
  (name: string, parent: Parent): Sim<number> => p.removeSubtree(name, parent),
)
/** Removes an entry with all below it; NULL is fine. May sleep. */
export const proc_remove = kernelCall('proc_remove', function* (entry: Parent): Sim {
  if (entry) yield* p.removeSubtree(entry.name, entry.parent)
})
