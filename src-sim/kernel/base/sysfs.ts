import { machine } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import { point, type Sim } from '../../engine/suspend'
import { step } from '../api'
import { PAGE_SIZE } from '../../base/units'
import { EEXIST, EFBIG, EIO, ENODEV, ENOENT } from '../errno'
import { WaitList } from '../sched/schedule'
import { TASK_INTERRUPTIBLE } from '../sched/states'
import { wait_queue_head, wakeUpQueue } from '../sched/wait-queue'
import { report } from '../report'

/** What the attribute files of a directory do; bound to their object by whoever creates them. */
export interface SysfsOps {
  show?(): Sim<string | number>
  store?(text: string): Sim<number>
  /** Bytes at a place, for files that are no text. */
  binary?: {
    /** What the file says that it holds; 0: nobody knows. */
    size: number
    read: ((f: object, buf: Uint8Array, pos: number, count: number) => Sim<number>) | null
    write: ((f: object, bytes: Uint8Array, pos: number, count: number) => Sim<number>) | null
  }
  /** The store function may remove its own attribute without waiting for itself. */
  selfRemoving?: boolean
}

export class SysfsDirectory {
  readonly kind = 'directory'
  name: string
  parent: SysfsDirectory | null
  /** What is there already, without the files that are made when somebody looks. */
  readonly made = new Map<string, SysfsNode>()
  /** The kobject (or other object) this directory stands for. */
  readonly object: object | null
  removed = false
  #later: Map<object, () => void> | null = null

  constructor(name: string, parent: SysfsDirectory | null, object: object | null) {
    this.name = name
    this.parent = parent
    this.object = object
  }

  /** Everything: for those who look something up. */
  get entries(): Map<string, SysfsNode> {
    const later = this.#later
    this.#later = null
    for (const make of later?.values() ?? []) make()
    return this.made
  }

  /** Files that can wait until somebody looks; `key` names them for `forget`. */
  defer(key: object, make: () => void): void {
    this.#later ??= new Map()
    this.#later.set(key, make)
  }

  /** True when nobody has looked: the files were never made, and will not be. */
  forget(key: object): boolean {
    return this.#later?.delete(key) ?? false
  }

  get path(): string {
    return this.parent === null ? '/' : join(this.parent.path, this.name)
  }
}

/** An attribute. Each running show or store holds an active reference; removal waits for them. */
export class SysfsFile {
  readonly kind = 'file'
  name: string
  parent: SysfsDirectory
  readonly ops: SysfsOps
  /** The driver's attribute, to find the file again. */
  readonly attribute: object | null
  active = 0
  removed = false
  /** Counts what `sysfs_notify` has announced. */
  events = 0
  /** Programs that poll the file. */
  readonly pollers = new wait_queue_head()
  readonly drained = new WaitList()
  mode: number

  constructor(
    name: string, parent: SysfsDirectory, ops: SysfsOps, attribute: object | null, mode: number,
  ) {
    this.name = name
    this.parent = parent
    this.ops = ops
    this.attribute = attribute
    this.mode = mode
  }

  notify(): void {
    this.events++
    wakeUpQueue(this.pollers, TASK_INTERRUPTIBLE, 0, null)
  }
}

export class SysfsLink {
  readonly kind = 'link'
  name: string
  readonly target: SysfsDirectory
  constructor(name: string, target: SysfsDirectory) {
    this.name = name
    this.target = target
  }
}

export type SysfsNode = SysfsDirectory | SysfsFile | SysfsLink

/** The tree under /sys. */
export class Sysfs {
  readonly root = new SysfsDirectory('', null, null)
  readonly #machine: Machine

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** Finds a node by its path below /sys, following links on the way. */
  lookup(path: string): SysfsNode | null {
    let node: SysfsNode = this.root
    for (const part of path.split('/')) {
      if (part === '' || part === '.') continue
      if (node.kind === 'link') node = node.target
      if (node.kind !== 'directory') return null
      const next: SysfsNode | null | undefined =
        part === '..' ? node.parent : node.entries.get(part)
      if (!next) return null
      node = next
    }
    return node
  }

  /** The directory at `path`, made with its parents when it is not there. */
  ensureDirectory(path: string): SysfsDirectory {
    let at = this.root
    for (const part of path.split('/')) {
      if (part === '') continue
      const next = at.made.get(part)
      if (next?.kind === 'directory') at = next
      else at = this.add(at, new SysfsDirectory(part, at, null))!
    }
    return at
  }

  /** Adds a node; null (and a report) when the name is taken. */
  add<T extends SysfsNode>(parent: SysfsDirectory, node: T): T | null {
    if (parent.made.has(node.name)) {
      report(this.#machine, {
        kind: 'sysfs.duplicate-name',
        title: `sysfs: cannot create duplicate filename '${parent.path}/${node.name}'`,
        rules: ['DM-04'],
        level: 4,
        printsAgain: true,
      })
      return null
    }
    parent.made.set(node.name, node)
    return node
  }

  createDirectory(
    parent: SysfsDirectory, name: string, object: object | null,
  ): SysfsDirectory | null {
    return this.add(parent, new SysfsDirectory(name, parent, object))
  }

  createFile(
    parent: SysfsDirectory, name: string, ops: SysfsOps, attribute: object | null = null,
    mode = ops.store ? (ops.show ? 0o644 : 0o200) : 0o444,
  ): number {
    const file = new SysfsFile(name, parent, ops, attribute, mode)
    return this.add(parent, file) ? 0 : -EEXIST
  }

  createLink(parent: SysfsDirectory, name: string, target: SysfsDirectory): number {
    return this.add(parent, new SysfsLink(name, target)) ? 0 : -EEXIST
  }

  removeLink(parent: SysfsDirectory, name: string): void {
    if (parent.made.get(name)?.kind === 'link') parent.made.delete(name)
  }
}

export const sysfs = service((m) => new Sysfs(m))

const join = (parent: string, name: string): string =>
  parent === '/' ? `/${name}` : `${parent}/${name}`

/** Removes an attribute: no new users, then wait for those inside (DM-52). */
export function* removeFile(parent: SysfsDirectory, name: string): Sim {
  const file = parent.made.get(name)
  if (file?.kind !== 'file') return
  parent.made.delete(name)
  yield* drain(file)
}

function* drain(file: SysfsFile): Sim {
  if (file.removed) return
  file.removed = true
  yield point(drain, file)
  if (file.active === 0) return
  yield* file.drained.waitUntil(() => file.active === 0, file, `users of sysfs file ${file.name}`)
}

/**
 * Removes an attribute on behalf of its own running store function, which is not waited for; true
 * for the first who tries (DM-53).
 */
export function* removeWithSelf(
  directory: SysfsDirectory | null, attribute: { attr: { name: string } },
): Sim<boolean> {
  const file = directory?.made.get(attribute.attr.name)
  if (file?.kind !== 'file' || file.removed) return false
  directory!.made.delete(file.name)
  file.active--
  yield* drain(file)
  file.active++
  return true
}

/** Removes a directory with everything in it, waiting for users of its attributes. */
export function* removeDirectory(directory: SysfsDirectory): Sim {
  if (directory.removed) return
  directory.removed = true
  directory.parent?.made.delete(directory.name)
  for (const node of [...directory.made.values()]) {
    if (node.kind === 'file') yield* drain(node)
    else if (node.kind === 'directory') yield* removeDirectory(node)
  }
  directory.made.clear()
}

/** Reads or writes bytes of a binary file at a place, as one system call does. */
export function* transferBytes(
  file: SysfsFile, f: object, buf: Uint8Array, pos: number, wanted: number, write: boolean,
): Sim<number> {
  const { size, read, write: put } = file.ops.binary!
  if (file.removed) return -ENODEV
  let count = Math.min(wanted, PAGE_SIZE)
  if (size !== 0 && pos >= size) return write ? -EFBIG : 0
  if (size !== 0) count = Math.min(count, size - pos)
  if (count === 0) return 0
  const action = write ? put : read
  if (!action) return -EIO
  file.active++
  const name = write ? 'sysfs_kf_bin_write' : 'sysfs_kf_bin_read'
  const ret = yield* step(name, action(f, buf, pos, count))
  leave(file)
  return ret
}

/** Reads an attribute as `cat` does: its text, or a negative errno. */
export function* showFile(file: SysfsFile): Sim<string | number> {
  if (file.removed) return -ENODEV
  if (!file.ops.show) return -EIO
  file.active++
  const text = yield* step('sysfs_kf_seq_show', file.ops.show())
  leave(file)
  return text
}

/** Writes an attribute as one `write` does: bytes taken, or a negative errno. */
export function* storeFile(file: SysfsFile, text: string): Sim<number> {
  if (file.removed) return -ENODEV
  if (!file.ops.store) return -EIO
  file.active++
  const held = file.ops.selfRemoving !== true
  if (!held) leave(file)
  const ret = yield* step('sysfs_kf_write', file.ops.store(text))
  if (held) leave(file)
  return ret
}


function leave(file: SysfsFile): void {
  file.active--
  if (file.active === 0 && file.removed) file.drained.wakeAll()
}

/** For scenarios: the file behind an absolute path, or an errno. */
export function findFile(path: string): SysfsFile | number {
  const node = sysfs(machine()).lookup(path.replace(/^\/sys(\/|$)/, '/'))
  return node?.kind === 'file' ? node : -ENOENT
}

/**
 * Lets an attribute be removed while a function of its own still runs: that one is no longer
 * waited for. Null when there is no such file, or it is on its way out.
 */
export function breakActive(directory: SysfsDirectory | null, name: string): SysfsFile | null {
  const file = directory?.made.get(name)
  if (file?.kind !== 'file' || file.removed) return null
  leave(file)
  return file
}

/** The end of that: the function counts again. */
export function unbreakActive(file: SysfsFile): void {
  file.active++
}
