import { machine } from '../../../engine/current'
import { KernelObject } from '../../../engine/object'
import { service } from '../../../engine/service'
import { point, type Sim } from '../../../engine/suspend'
import { errPtr, isErr } from '../../err'
import { EEXIST, EINVAL, ENOENT } from '../../errno'
import { kernelLog } from '../../printk/log'
import { inode } from '../devnodes'
import type { file_operations } from '../file'
import { Users } from '../users'

const S_IFDIR = 0o040000
const S_IFREG = 0o100000
const S_IFLNK = 0o120000
const TYPE_BITS = 0o170000

/** A file or directory of debugfs. */
export class dentry extends KernelObject {
  d_name: { name: string }
  d_parent: dentry | null
  d_inode: inode
  /** @internal Null for files. */
  readonly $children: Map<string, dentry> | null
  /** @internal What the driver does with the file. */
  $fops: file_operations | null = null
  /** @internal Calls reach the driver without a look whether the file is still there. */
  $unsafe = false
  /** @internal */
  readonly $users = new Users()
  /** @internal Where a symbolic link leads. */
  $target = ''

  constructor(name: string, parent: dentry | null, mode: number, directory: boolean) {
    super()
    this.d_name = { name }
    this.d_parent = parent
    this.d_inode = new inode()
    this.d_inode.i_mode = mode
    this.$children = directory ? new Map() : null
  }

  get $label(): string {
    return this.d_name.name
  }
}

class Debugfs {
  readonly root = new dentry('/', null, S_IFDIR | 0o700, true)
}

export const debugfs = service(() => new Debugfs())

/** Adds an entry; an error pointer for a name that is taken, or a parent that is none. */
function add(
  name: string, parent: dentry | null, mode: number, directory: boolean,
): dentry {
  if (isErr(parent)) return parent
  const m = machine()
  const place = parent ?? debugfs(m).root
  if (place.$children === null || place.$users.gone) return errPtr(place.$users.gone ? -ENOENT : -EINVAL)
  if (place.$children.has(name)) {
    const where = place.d_name.name
    kernelLog(m).print(3, `debugfs: '${name}' already exists in '${where}'\n`)
    return errPtr(-EEXIST)
  }
  const made = new dentry(name, place, mode, directory)
  place.$children.set(name, made)
  return made
}

export const createDirectory = (name: string, parent: dentry | null): dentry =>
  add(name, parent, S_IFDIR | 0o755, true)

export function createFile(
  name: string,
  mode: number,
  parent: dentry | null,
  data: unknown,
  fops: file_operations | null,
  unsafe = false,
): dentry {
  const made = add(name, parent, mode & TYPE_BITS ? mode : mode | S_IFREG, false)
  if (isErr(made)) return made
  made.$fops = fops
  made.$unsafe = unsafe
  made.d_inode.i_private = data
  return made
}

export function createSymlink(name: string, parent: dentry | null, target: string): dentry {
  const made = add(name, parent, S_IFLNK | 0o777, false)
  if (!isErr(made)) made.$target = target
  return made
}

/** The entry at a path below the mount point. */
export function findEntry(path: string): dentry | null {
  let at: dentry = debugfs(machine()).root
  for (const part of path.split('/')) {
    if (part === '') continue
    const next: dentry | null | undefined =
      part === '..' ? at.d_parent : at.$children?.get(part)
    if (!next) return null
    at = next.$target === '' ? next : (followed(next) ?? next)
  }
  return at
}

function followed(link: dentry): dentry | null {
  const from = link.d_parent
  let at: dentry | null = from
  for (const part of link.$target.split('/')) {
    if (part === '' || part === '.') continue
    at = part === '..' ? (at?.d_parent ?? null) : (at?.$children?.get(part) ?? null)
  }
  return at
}

/**
 * Removes an entry with all that is below it, deepest first, and waits for those who are inside a
 * file's functions. Files that are still open give -EIO from then on.
 */
export function* remove(entry: dentry | null): Sim {
  if (entry === null || entry === undefined || isErr(entry)) return
  for (const child of [...(entry.$children?.values() ?? [])]) yield* remove(child)
  const { d_parent: parent } = entry
  if (parent?.$children?.get(entry.d_name.name) === entry)
    parent.$children.delete(entry.d_name.name)
  if (entry.$users.gone) return
  yield point(remove, entry)
  yield* entry.$users.retire(entry, `users of debugfs file ${entry.d_name.name}`)
}
