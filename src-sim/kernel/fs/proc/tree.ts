import { machine } from '../../../engine/current'
import { KernelObject } from '../../../engine/object'
import { service } from '../../../engine/service'
import { call, point, type Sim } from '../../../engine/suspend'
import { ENOENT } from '../../errno'
import { warn } from '../../printk/warn'
import { inode } from '../devnodes'
import type { file, poll_table } from '../file'
import type { vm_area_struct } from '../../mm/vma'
import { Users } from '../users'

/** What a driver answers for a file in /proc. */
export interface proc_ops {
  proc_flags?: number
  proc_open?: ((inode: inode, file: file) => number) | null
  proc_read?: ((file: file, buf: any, count: number, ppos: { value: number }) => number) | null
  proc_write?: ((file: file, buf: any, count: number, ppos: { value: number }) => number) | null
  proc_lseek?: ((file: file, offset: number, whence: number) => number) | null
  proc_release?: ((inode: inode, file: file) => number) | null
  proc_poll?: ((file: file, wait: poll_table) => number) | null
  proc_ioctl?: ((file: file, cmd: number, arg: any) => number) | null
  proc_mmap?: ((file: file, vma: vm_area_struct) => number) | null
}

/** A file or directory in /proc. */
export class proc_dir_entry extends KernelObject {
  name: string
  parent: proc_dir_entry | null
  mode: number
  data: unknown
  /** @internal Null for files. */
  readonly $children: Map<string, proc_dir_entry> | null
  /** @internal */
  readonly $ops: proc_ops
  /** @internal */
  readonly $users = new Users()
  /** @internal Open files whose release function is still to run. */
  readonly $open = new Set<file>()
  /** @internal */
  readonly $inode = new inode()

  constructor(
    name: string, parent: proc_dir_entry | null, mode: number, data: unknown, ops: proc_ops | null,
  ) {
    super()
    this.name = name
    this.parent = parent
    this.mode = mode
    this.data = data
    this.$ops = ops ?? {}
    this.$inode.i_private = data
    this.$inode.i_mode = mode
    this.$children = ops === null ? new Map() : null
  }
}

class Proc {
  readonly root = new proc_dir_entry('/proc', null, 0o040555, null, null)
}

export const proc = service(() => new Proc())

const complain = (where: string, text: string): void =>
  warn(machine(), 'proc', `fs/proc/generic.c at ${where}`, text, { once: false })

/** The directory that a name with slashes leads to, and the last part of the name. */
function place(
  name: string, parent: proc_dir_entry | null, where: string,
): { parent: proc_dir_entry; last: string } | null {
  let at = parent ?? proc(machine()).root
  const parts = name.split('/')
  const last = parts.pop()!
  for (const part of parts) {
    const next = at.$children?.get(part)
    if (!next) {
      complain(where, `name '${name}'`)
      return null
    }
    at = next
  }
  return { parent: at, last }
}

/** A new entry, or null: the name is taken, or no name at all. Directories have no operations. */
export function register(
  name: string, mode: number, parent: proc_dir_entry | null, data: unknown, ops: proc_ops | null,
): proc_dir_entry | null {
  const at = place(name, parent, '__xlate_proc_name')
  if (at === null) return null
  if (at.last.length === 0 || at.last.length >= 256) {
    complain('__proc_create', `name len ${at.last.length}`)
    return null
  }
  if (at.last === '.' || at.last === '..') {
    complain('__proc_create', `name '${at.last}'`)
    return null
  }
  if (at.parent.parent === null && /^\d+$/.test(at.last)) {
    complain('__proc_create', `create '/proc/${at.last}' by hand`)
    return null
  }
  const entry = new proc_dir_entry(at.last, at.parent, mode, data, ops)
  const siblings = at.parent.$children
  if (siblings === null || siblings.has(at.last)) {
    complain('proc_register', `proc_dir_entry '${at.parent.name}/${at.last}' already registered`)
    return null
  }
  siblings.set(at.last, entry)
  return entry
}

export function findProc(path: string): proc_dir_entry | null {
  let at: proc_dir_entry = proc(machine()).root
  for (const part of path.split('/')) {
    if (part === '') continue
    const next: proc_dir_entry | null | undefined =
      part === '..' ? at.parent : at.$children?.get(part)
    if (!next) return null
    at = next
  }
  return at
}

/** Waits for those inside, then releases the files that are still open (DM-87). */
function* rundown(entry: proc_dir_entry): Sim {
  yield point(rundown, entry)
  yield* entry.$users.retire(entry, `users of /proc file ${entry.name}`)
  for (const f of [...entry.$open]) yield* releaseProc(entry, f)
}

/** The release function of an open file, once: at the last close or at removal. */
export function* releaseProc(entry: proc_dir_entry, f: file): Sim {
  if (!entry.$open.delete(f)) return
  const release = entry.$ops.proc_release
  if (release) yield* call(() => release(f.f_inode, f))
}

/** `remove_proc_entry`: one entry; what is below a directory is lost. */
export function* removeEntry(name: string, parent: proc_dir_entry | null): Sim {
  const at = place(name, parent, '__xlate_proc_name')
  if (at === null) return
  const entry = at.parent.$children?.get(at.last)
  if (!entry) {
    complain('remove_proc_entry', `name '${name}'`)
    return
  }
  at.parent.$children!.delete(at.last)
  yield* rundown(entry)
  const first = entry.$children && [...entry.$children.keys()].sort()[0]
  if (first)
    complain(
      'remove_proc_entry',
      `remove_proc_entry: removing non-empty directory '${at.parent.name}/${entry.name}', ` +
        `leaking at least '${first}'`,
    )
}

/** `remove_proc_subtree`: an entry and all below it. 0 or -ENOENT. */
export function* removeSubtree(name: string, parent: proc_dir_entry | null): Sim<number> {
  const at = place(name, parent, '__xlate_proc_name')
  if (at === null) return -ENOENT
  const entry = at.parent.$children?.get(at.last)
  if (!entry) {
    complain('remove_proc_subtree', `name '${name}'`)
    return -ENOENT
  }
  at.parent.$children!.delete(at.last)
  yield* removeBelow(entry)
  return 0
}

function* removeBelow(entry: proc_dir_entry): Sim {
  for (const child of [...(entry.$children?.values() ?? [])]) {
    entry.$children!.delete(child.name)
    yield* removeBelow(child)
  }
  yield* rundown(entry)
}
