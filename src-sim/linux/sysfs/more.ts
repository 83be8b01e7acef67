import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { kernelCall, quiet } from '../../kernel/api'
import * as a from '../../kernel/base/attributes'
import type { attribute, attribute_group } from '../../kernel/base/attributes'
import type { kobject } from '../../kernel/base/kobject'
import {
  breakActive, removeWithSelf, sysfs, unbreakActive, type SysfsDirectory, type SysfsFile,
} from '../../kernel/base/sysfs'
import { kernelLog } from '../../kernel/printk/log'
import { EEXIST, EINVAL, ENOENT } from '../errno'
import type { kobj_attribute } from '../kobject'

/** Groups, links and other things of /sys. Part of `linux/sysfs`. */

type AnyAttribute = attribute | kobj_attribute
type Show = kobj_attribute['show']
type Store = kobj_attribute['store']

const make = (name: string, mode: number, show: unknown, store: unknown): kobj_attribute =>
  a.wrapAttribute({ attr: { name, mode }, show: show ?? null, store: store ?? null } as never)

/** `__ATTR_RO(name, show)`: files of plain kobjects. */
export const __ATTR_RO = quiet((name: string, show: Show) => make(name, 0o444, show, null))
export const __ATTR_WO = quiet((name: string, store: Store) => make(name, 0o200, null, store))
export const __ATTR_RW = quiet((name: string, show: Show, store: Store) =>
  make(name, 0o644, show, store),
)
/** The end of a list of attributes; lists know their length here. */
export const __ATTR_NULL = null
/** `const x_groups = ATTRIBUTE_GROUPS(x_attrs)`: one group without a name. */
export const ATTRIBUTE_GROUPS = quiet(
  (attrs: readonly AnyAttribute[]): readonly attribute_group[] =>
    [{ attrs: attrs.filter((attr) => attr !== null) } as attribute_group],
)
/** For attributes that are made at run time; nothing to do here. */
export function sysfs_attr_init(_attr: AnyAttribute): void {}

/** Adds several files; all or none. 0 or -errno. May sleep. */
export const sysfs_create_files = kernelCall(
  'sysfs_create_files',
  function* (kobj: kobject, attrs: readonly AnyAttribute[]): Sim<number> {
    for (const [i, attr] of attrs.entries()) {
      const error = a.createFile(kobj, attr)
      if (!error) continue
      for (const done of attrs.slice(0, i).reverse()) yield* a.removeAttribute(kobj, done)
      return error
    }
    return 0
  },
)
export const sysfs_remove_files = kernelCall(
  'sysfs_remove_files',
  function* (kobj: kobject, attrs: readonly AnyAttribute[]): Sim {
    for (const attr of attrs) yield* a.removeAttribute(kobj, attr)
  },
)
/** From inside the file's own store function: true for the first who asks (DM-53). */
export const sysfs_remove_file_self = kernelCall(
  'sysfs_remove_file_self',
  (kobj: kobject, attr: AnyAttribute): Sim<boolean> =>
    removeWithSelf(kobj.$directory, 'attr' in attr ? attr : { attr }),
)
export const sysfs_create_groups = kernelCall(
  'sysfs_create_groups',
  (kobj: kobject, groups: readonly attribute_group[]) => a.createGroups(kobj, groups),
)
export const sysfs_remove_groups = kernelCall(
  'sysfs_remove_groups',
  (kobj: kobject, groups: readonly attribute_group[]): Sim => a.removeGroups(kobj, groups),
)

function* update(kobj: kobject, group: attribute_group): Sim<number> {
  const directory = subdirectory(kobj, group.name)
  if (!directory) {
    const text = `Can't update unknown attr grp name: ${kobj.name}/${group.name}`
    kernelLog(machine()).print(4, `${text}\n`)
    return -EINVAL
  }
  yield* a.removeAll(directory, group)
  return a.createFiles(kobj, group, directory)
}
/** Asks `is_visible` again: files come and go. 0 or -errno. May sleep. */
export const sysfs_update_group = kernelCall('sysfs_update_group', update)
export const sysfs_update_groups = kernelCall(
  'sysfs_update_groups',
  function* (kobj: kobject, groups: readonly attribute_group[]): Sim<number> {
    for (const group of groups) {
      const error = yield* update(kobj, group)
      if (error) return error
    }
    return 0
  },
)

function subdirectory(kobj: kobject, name: string | null | undefined): SysfsDirectory | null {
  if (!name) return kobj.$directory
  const node = kobj.$directory?.entries.get(name)
  return node?.kind === 'directory' ? node : null
}
/** Adds files to a group that is there already. 0 or -errno. Pair: `sysfs_unmerge_group`. */
export const sysfs_merge_group = kernelCall(
  'sysfs_merge_group',
  (kobj: kobject, group: attribute_group): number => {
    const directory = subdirectory(kobj, group.name)
    return directory ? a.createFiles(kobj, group, directory) : -ENOENT
  },
)
export const sysfs_unmerge_group = kernelCall(
  'sysfs_unmerge_group',
  function* (kobj: kobject, group: attribute_group): Sim {
    const directory = subdirectory(kobj, group.name)
    if (directory) yield* a.removeAll(directory, group)
  },
)
/** Adds one file to a named group. 0 or -errno. */
export const sysfs_add_file_to_group = kernelCall(
  'sysfs_add_file_to_group',
  (kobj: kobject, attr: AnyAttribute, group: string | null): number => {
    const directory = subdirectory(kobj, group)
    return directory ? a.createFiles(kobj, { attrs: [attr] }, directory) : -ENOENT
  },
)
export const sysfs_remove_file_from_group = kernelCall(
  'sysfs_remove_file_from_group',
  function* (kobj: kobject, attr: AnyAttribute, group: string | null): Sim {
    const directory = subdirectory(kobj, group)
    if (directory) yield* a.removeAll(directory, { attrs: [attr] })
  },
)
/** Adds a link to a named group. 0 or -errno. */
export function sysfs_add_link_to_group(
  kobj: kobject, group_name: string, target: kobject, link_name: string,
): number {
  const directory = subdirectory(kobj, group_name)
  if (!directory || !target.$directory) return -ENOENT
  return sysfs(machine()).createLink(directory, link_name, target.$directory)
}
export function sysfs_remove_link_from_group(
  kobj: kobject, group_name: string, link_name: string,
): void {
  const directory = subdirectory(kobj, group_name)
  if (directory) sysfs(machine()).removeLink(directory, link_name)
}
/** As `sysfs_create_link`, without a complaint about a name that is taken. */
export function sysfs_create_link_nowarn(kobj: kobject, target: kobject, name: string): number {
  if (!kobj.$directory || !target.$directory) return -EINVAL
  if (kobj.$directory.entries.has(name)) return -EEXIST
  return sysfs(machine()).createLink(kobj.$directory, name, target.$directory)
}
/** Who may read and write a file. 0 or -errno. */
export function sysfs_chmod_file(kobj: kobject, attr: AnyAttribute, mode: number): number {
  const file = kobj.$directory?.entries.get(a.plainAttribute(attr).name)
  if (file?.kind !== 'file') return -ENOENT
  file.mode = mode
  return 0
}
/** Wakes programs that poll a file below `dir` (or in the directory itself). Any context. */
export function sysfs_notify(kobj: kobject, dir: string | null, attr: string | null): void {
  const file = attr === null ? undefined : subdirectory(kobj, dir)?.entries.get(attr)
  if (file?.kind === 'file') file.notify()
}

/** The index of the text in the list, or -EINVAL; a newline at the end does not count. */
export const sysfs_match_string = quiet((list: readonly string[], text: string): number => {
  const at = list.indexOf(text.replace(/\n$/, ''))
  return at < 0 ? -EINVAL : at
})

/**
 * For an attribute whose own function removes it, or unloads its driver: whoever removes the file
 * does not wait for this function any more. A handle for the pair, or null. (DM-53)
 */
export const sysfs_break_active_protection = kernelCall(
  'sysfs_break_active_protection',
  (kobj: kobject, attr: AnyAttribute): SysfsFile | null =>
    breakActive(kobj.$directory, a.plainAttribute(attr).name),
)
export const sysfs_unbreak_active_protection = kernelCall(
  'sysfs_unbreak_active_protection', (kn: SysfsFile): void => unbreakActive(kn),
)
