import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { frame } from '../api'
import { EINVAL, EIO } from '../errno'
import { PAGE_SIZE } from '../../base/units'
import type { kobject } from './kobject'
import { removeDirectory, removeFile, sysfs, type SysfsDirectory, type SysfsOps } from './sysfs'

/** A file of an object under /sys. */
export interface attribute {
  name: string
  mode: number
}

/** How the files of a kobject type are read and written. */
export interface sysfs_ops {
  show?: ((kobj: any, attr: any, buf: Uint8Array) => number) | null
  store?: ((kobj: any, attr: any, buf: string, count: number) => number) | null
}

/** A file of bytes under /sys; `size` 0 means that only its functions know how much there is. */
export interface bin_attribute {
  attr: attribute
  size: number
  private?: any
  read?: BinaryFunction | null
  write?: BinaryFunction | null
}
type BinaryFunction = (
  filp: any, kobj: any, attr: bin_attribute, buf: Uint8Array, off: number, count: number,
) => number

/** Adds a file of bytes to a kobject's directory. 0 or -errno. */
export function createBinaryFile(
  kobj: kobject, attr: bin_attribute, directory = kobj.$directory,
): number {
  if (!directory) return -EINVAL
  const through = (f: BinaryFunction | null | undefined, bit: number) =>
    f && attr.attr.mode & bit
      ? (filp: object, buf: Uint8Array, pos: number, count: number) =>
          call(() => f(filp, kobj, attr, buf, pos, count))
      : null
  const binary = {
    size: attr.size,
    read: through(attr.read, 0o444),
    write: through(attr.write, 0o222),
  }
  const { name, mode } = attr.attr
  return sysfs(machine()).createFile(directory, name, { binary }, attr, mode)
}

/** Attributes that come and go together, in a directory of their own when they have a name. */
export interface attribute_group {
  name?: string | null
  attrs?: readonly (attribute | { attr: attribute })[] | null
  bin_attrs?: readonly bin_attribute[] | null
  is_visible?: ((kobj: kobject, attr: attribute, n: number) => number) | null
  is_bin_visible?: ((kobj: kobject, attr: bin_attribute, n: number) => number) | null
  /** @internal The kernel's own files, which can wait until somebody looks. */
  $lazy?: boolean
}

const decode = (bytes: Uint8Array, length: number): string => {
  let text = ''
  for (let i = 0; i < length; i++) text += String.fromCharCode(bytes[i]!)
  return text
}

/** The part that says name and mode, of an attribute or of a structure around one. */
export const plainAttribute = (a: attribute | { attr: attribute }): attribute =>
  'attr' in a ? a.attr : a

const around = new WeakMap<attribute, { attr: attribute }>()

/** Remembers which structure an attribute is part of, for lists that name the part only. */
export function wrapAttribute<T extends { attr: attribute }>(whole: T): T {
  around.set(whole.attr, whole)
  return whole
}

/**
 * Turns a show and a store function into what a file does. The object that they are called with
 * is whatever the caller binds.
 */
export function fileOps(
  show: ((buf: Uint8Array) => unknown) | null,
  store: ((text: string, count: number) => unknown) | null,
): SysfsOps {
  const ops: SysfsOps = {}
  if (show)
    ops.show = function* () {
      const buf = new Uint8Array(PAGE_SIZE)
      const count = (yield* call(() => show(buf))) as number
      return count < 0 ? count : decode(buf, count)
    }
  if (store)
    ops.store = function* (text) {
      return (yield* call(() => store(text, text.length))) as number
    }
  return ops
}

/** Calls the function behind an attribute as `name` does in C; -EIO where there is none. */
export function attributeCall(name: string, f: unknown, ...args: unknown[]): number {
  if (!f) return -EIO
  const result = call(() => (f as (...args: unknown[]) => unknown)(...args))
  return frame(name, result) as unknown as number
}

/** The functions of an attribute: its own, or those of the kobject's type. */
function opsOf(kobj: kobject, given: attribute | { attr: attribute }): SysfsOps {
  const attr = 'attr' in given ? given : (around.get(given) ?? given)
  const type = kobj.ktype?.sysfs_ops
  const own = attr as { show?: unknown; store?: unknown }
  const functions = (type ?? own) as sysfs_ops
  const { show, store } = functions
  const target = attr as attribute
  const ops = fileOps(
    show && plainAttribute(attr).mode & 0o444 ? (buf) => show(kobj, target, buf) : null,
    store && writable(attr) ? (text, count) => store(kobj, target, text, count) : null,
  )
  if ((attr as { $selfRemoving?: boolean }).$selfRemoving) ops.selfRemoving = true
  return ops
}

/** A type's store function serves all files; only those with a write bit (or store) use it. */
const writable = (attr: attribute | { attr: attribute }): boolean =>
  (plainAttribute(attr).mode & 0o222) !== 0

export function createFile(kobj: kobject, attr: attribute | { attr: attribute }): number {
  const { name, mode } = plainAttribute(attr)
  if (!kobj.$directory) return -EIO
  return sysfs(machine()).createFile(kobj.$directory, name, opsOf(kobj, attr), attr, mode)
}

export function* removeAttribute(kobj: kobject, attr: attribute | { attr: attribute }): Sim {
  if (kobj.$directory) yield* removeFile(kobj.$directory, plainAttribute(attr).name)
}

/** Adds groups in their order; what was added stays when a later one fails. */
export function createGroups(kobj: kobject, groups: readonly attribute_group[]): number {
  for (const group of groups) {
    const error = createGroup(kobj, group)
    if (error) return error
  }
  return 0
}

function createGroup(kobj: kobject, group: attribute_group): number {
  const tree = sysfs(machine())
  let directory: SysfsDirectory | null = kobj.$directory
  if (!directory) return -EIO
  if (group.name) directory = tree.createDirectory(directory, group.name, null)
  if (!directory) return -EIO
  if (!group.$lazy) return createFiles(kobj, group, directory)
  const place = directory
  place.defer(group, () => createFiles(kobj, group, place))
  return 0
}

/** Adds the files of a group to a directory that is there. 0 or -errno. */
export function createFiles(
  kobj: kobject, group: attribute_group, directory: SysfsDirectory,
): number {
  const tree = sysfs(machine())
  for (const [n, attr] of (group.attrs ?? []).entries()) {
    const plain = plainAttribute(attr)
    const mode = group.is_visible
      ? machine().runtime.atomic<number>(group.is_visible(kobj, plain, n))
      : plain.mode
    if (mode === 0) continue
    const error = tree.createFile(directory, plain.name, opsOf(kobj, attr), attr, mode)
    if (error) return error
  }
  return createBinaryFiles(kobj, group, directory)
}

function createBinaryFiles(
  kobj: kobject, group: attribute_group, directory: SysfsDirectory,
): number {
  for (const [n, attr] of (group.bin_attrs ?? []).entries()) {
    const mode = group.is_bin_visible
      ? machine().runtime.atomic<number>(group.is_bin_visible(kobj, attr, n))
      : attr.attr.mode
    if (mode === 0) continue
    const error = createBinaryFile(kobj, attr, directory)
    if (error) return error
  }
  return 0
}

/** Removes groups, waiting for those who are inside their files (DM-52). */
export function* removeGroups(kobj: kobject, groups: readonly attribute_group[]): Sim {
  const directory = kobj.$directory
  if (!directory) return
  for (const group of groups) {
    if (directory.forget(group)) continue
    if (group.name) {
      const own = directory.made.get(group.name)
      if (own?.kind === 'directory') yield* removeDirectory(own)
    } else yield* removeAll(directory, group)
  }
}

export function* removeAll(directory: SysfsDirectory, group: attribute_group): Sim {
  for (const attr of group.attrs ?? []) yield* removeFile(directory, plainAttribute(attr).name)
  for (const attr of group.bin_attrs ?? []) yield* removeFile(directory, attr.attr.name)
}
