import { machine } from '../engine/current'
import { kernelCall } from '../kernel/api'
import * as a from '../kernel/base/attributes'
import type { attribute, attribute_group } from '../kernel/base/attributes'
import type { kobject } from '../kernel/base/kobject'
import { sysfs as tree } from '../kernel/base/sysfs'
import { vsprintf } from '../kernel/printk/format'
import type { Sim } from '../engine/suspend'
import { EINVAL } from './errno'
import type { kobj_attribute } from './kobject'

/** Brought along, as by the C header. */
export * from './err'
export * from './errno'
export * from './list'
export * from './lockdep'
export * from './sysfs/binary'
export * from './sysfs/more'

/** Files under /sys: `linux/sysfs`. A running show or store keeps its file's removal waiting. */
export type { attribute, attribute_group, bin_attribute } from '../kernel/base/attributes'

const PAGE = 4096

function write(buf: Uint8Array, at: number, text: string): number {
  const length = Math.min(text.length, PAGE - at)
  for (let i = 0; i < length; i++) buf[at + i] = text.charCodeAt(i)
  return length
}

/** Fills the buffer of a show function from a C format; how many bytes. */
export function sysfs_emit(buf: Uint8Array, format: string, ...args: unknown[]): number {
  return write(buf, 0, vsprintf(machine(), format, args))
}

/** As `sysfs_emit`, from offset `at` on. */
export function sysfs_emit_at(
  buf: Uint8Array,
  at: number,
  format: string,
  ...args: unknown[]
): number {
  return at < 0 || at >= PAGE ? 0 : write(buf, at, vsprintf(machine(), format, args))
}

type AnyAttribute = attribute | kobj_attribute

/** Adds a file to a kobject's directory. 0 or -errno. May sleep. Pair: `sysfs_remove_file`. */
export const sysfs_create_file = kernelCall(
  'sysfs_create_file',
  (kobj: kobject, attr: AnyAttribute) => a.createFile(kobj, attr),
)
/** Removes a file and waits for those inside its functions (DM-52). May sleep. */
export const sysfs_remove_file = kernelCall(
  'sysfs_remove_file',
  (kobj: kobject, attr: AnyAttribute): Sim => a.removeAttribute(kobj, attr),
)
export const sysfs_create_group = kernelCall(
  'sysfs_create_group',
  (kobj: kobject, group: attribute_group) => a.createGroups(kobj, [group]),
)
export const sysfs_remove_group = kernelCall(
  'sysfs_remove_group',
  (kobj: kobject, group: attribute_group): Sim => a.removeGroups(kobj, [group]),
)
/** A link `name` in `kobj`'s directory to `target`'s. 0 or -errno. */
export function sysfs_create_link(kobj: kobject, target: kobject, name: string): number {
  if (!kobj.$directory || !target.$directory) return -EINVAL
  return tree(machine()).createLink(kobj.$directory, name, target.$directory)
}
export function sysfs_remove_link(kobj: kobject, name: string): void {
  if (kobj.$directory) tree(machine()).removeLink(kobj.$directory, name)
}

/** `__ATTR(name, mode, show, store)` for files of plain kobjects. */
export function __ATTR(
  name: string,
  mode: number,
  show: kobj_attribute['show'],
  store: kobj_attribute['store'],
): kobj_attribute {
  return a.wrapAttribute({ attr: { name, mode }, show: show ?? null, store: store ?? null })
}
