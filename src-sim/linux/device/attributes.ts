import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { kernelCall, quiet } from '../../kernel/api'
import * as a from '../../kernel/base/attributes'
import type { attribute_group } from '../../kernel/base/attributes'
import { busPrivate } from '../../kernel/base/bus'
import type {
  bus_type, class_, device, device_attribute, driver_attribute,
} from '../../kernel/base/device'
import { addDevres, takeDevres } from '../../kernel/base/devres'
import type { kobject } from '../../kernel/base/kobject'
import { removeWithSelf, sysfs } from '../../kernel/base/sysfs'
import { vsprintf } from '../../kernel/printk/format'
import { EINVAL } from '../errno'
import { kstrtoint, kstrtoul } from '../kstrtox'
import { ptr } from '../types'

/** Files of devices, drivers, buses and classes. Part of `linux/device`. */

type Show<T> = ((object: T, attr: any, buf: Uint8Array) => number) | null
type Store<T> = ((object: T, attr: any, buf: string, count: number) => number) | null

/** A file of a bus; its functions get the bus and the text. */
export interface bus_attribute {
  attr: a.attribute
  show?: ((bus: bus_type, buf: Uint8Array) => number) | null
  store?: ((bus: bus_type, buf: string, count: number) => number) | null
}
/** A file of a class; its functions get the class, the attribute and the text. */
export interface class_attribute {
  attr: a.attribute
  show?: Show<class_>
  store?: Store<class_>
}

const make = <T>(name: string, mode: number, show: unknown, store: unknown): T =>
  a.wrapAttribute({
    attr: { name, mode }, show: show ?? null, store: store ?? null,
  } as unknown as { attr: a.attribute }) as unknown as T

export const DEVICE_ATTR_ADMIN_RW = (
  name: string, show: Show<device>, store: Store<device>,
): device_attribute => make(name, 0o600, show, store)
export const DEVICE_ATTR_ADMIN_RO = (name: string, show: Show<device>): device_attribute =>
  make(name, 0o400, show, null)
export const DEVICE_ATTR_PREALLOC = (
  name: string, mode: number, show: Show<device>, store: Store<device>,
): device_attribute => make(name, mode, show, store)
export const DRIVER_ATTR_RO = (
  name: string, show: driver_attribute['show'],
): driver_attribute => make(name, 0o444, show, null)
export const DRIVER_ATTR_RW = (
  name: string, show: driver_attribute['show'], store: driver_attribute['store'],
): driver_attribute => make(name, 0o644, show, store)
export const DRIVER_ATTR_WO = (
  name: string, store: driver_attribute['store'],
): driver_attribute => make(name, 0o200, null, store)
export const BUS_ATTR_RO = (name: string, show: bus_attribute['show']): bus_attribute =>
  make(name, 0o444, show, null)
export const BUS_ATTR_RW = (
  name: string, show: bus_attribute['show'], store: bus_attribute['store'],
): bus_attribute => make(name, 0o644, show, store)
export const BUS_ATTR_WO = (name: string, store: bus_attribute['store']): bus_attribute =>
  make(name, 0o200, null, store)
export const CLASS_ATTR_RO = (name: string, show: Show<class_>): class_attribute =>
  make(name, 0o444, show, null)
export const CLASS_ATTR_RW = (
  name: string, show: Show<class_>, store: Store<class_>,
): class_attribute => make(name, 0o644, show, store)
export const CLASS_ATTR_WO = (name: string, store: Store<class_>): class_attribute =>
  make(name, 0o200, null, store)

// Attributes that stand for a variable

/** An attribute with the variable it shows behind it. */
export interface dev_ext_attribute extends device_attribute {
  var: ptr<any>
}
const emit = (buf: Uint8Array, format: string, value: unknown): number => {
  const text = vsprintf(machine(), format, [value])
  for (let i = 0; i < text.length; i++) buf[i] = text.charCodeAt(i)
  return text.length
}
const variable = (attr: device_attribute): ptr<any> => (attr as dev_ext_attribute).var

export const device_show_ulong = quiet((_d: device, attr: device_attribute, buf: Uint8Array) =>
  emit(buf, '%lx\n', variable(attr).value),
)
export const device_show_int = quiet((_d: device, attr: device_attribute, buf: Uint8Array) =>
  emit(buf, '%d\n', variable(attr).value),
)
export const device_show_bool = quiet((_d: device, attr: device_attribute, buf: Uint8Array) =>
  emit(buf, '%d\n', variable(attr).value ? 1 : 0),
)
export const device_show_string = quiet((_d: device, attr: device_attribute, buf: Uint8Array) =>
  emit(buf, '%s\n', variable(attr).value),
)
function stored(attr: device_attribute, size: number, read: (out: ptr<any>) => number): number {
  const out = ptr<unknown>(0)
  const ret = read(out)
  if (ret) return ret
  variable(attr).value = out.value
  return size
}
export const device_store_ulong = quiet(
  (_d: device, attr: device_attribute, buf: string, size: number): number =>
    stored(attr, size, (out) => kstrtoul(buf, 0, out)),
)
export const device_store_int = quiet(
  (_d: device, attr: device_attribute, buf: string, size: number): number =>
    stored(attr, size, (out) => kstrtoint(buf, 0, out)),
)
export const device_store_bool = quiet(
  (_d: device, attr: device_attribute, buf: string, size: number): number =>
    stored(attr, size, (out) => {
      if (!/^(1|0|[yYnN]|on|off)/.test(buf)) return -EINVAL
      out.value = /^(1|[yY]|on)/.test(buf)
      return 0
    }),
)
const extended =
  (show: device_attribute['show'], store: device_attribute['store']) =>
  (name: string, mode: number, variable: ptr<any>): dev_ext_attribute =>
    Object.assign(make<dev_ext_attribute>(name, mode, show, store), { var: variable })
/** `DEVICE_INT_ATTR(name, mode, ptr)`: a file that shows and stores a variable. */
export const DEVICE_ULONG_ATTR = extended(device_show_ulong, device_store_ulong)
export const DEVICE_INT_ATTR = extended(device_show_int, device_store_int)
export const DEVICE_BOOL_ATTR = extended(device_show_bool, device_store_bool)
export const DEVICE_STRING_ATTR_RO = extended(device_show_string, null)

// Adding and removing

/** Adds files in groups to a device. 0 or -errno. May sleep. Pair: `device_remove_groups`. */
export const device_add_groups = kernelCall(
  'device_add_groups',
  (dev: device, groups: readonly attribute_group[]) => a.createGroups(dev.kobj, groups),
)
export const device_remove_groups = kernelCall(
  'device_remove_groups',
  (dev: device, groups: readonly attribute_group[]): Sim => a.removeGroups(dev.kobj, groups),
)
export const device_add_group = kernelCall(
  'device_add_group',
  (dev: device, group: attribute_group) => a.createGroups(dev.kobj, [group]),
)
export const device_remove_group = kernelCall(
  'device_remove_group',
  (dev: device, group: attribute_group): Sim => a.removeGroups(dev.kobj, [group]),
)
/** As `device_add_group`; the files go when the driver does. */
export const devm_device_add_group = kernelCall(
  'devm_device_add_group',
  (dev: device, group: attribute_group): number => {
    const error = a.createGroups(dev.kobj, [group])
    if (error) return error
    const release = (): Sim => a.removeGroups(dev.kobj, [group])
    return addDevres(dev, { name: 'devm_attr_group_remove', key: group, release })
  },
)
export const devm_device_remove_group = kernelCall(
  'devm_device_remove_group',
  function* (dev: device, group: attribute_group): Sim {
    const managed = (n: { name: string; key: unknown }): boolean =>
      n.name === 'devm_attr_group_remove' && n.key === group
    if (takeDevres(dev, managed)) yield* a.removeGroups(dev.kobj, [group])
  },
)
/**
 * Removes a file from inside its own store function, which does not wait for itself. True for the
 * first caller, who goes on to remove what the file stands for (DM-53).
 */
export const device_remove_file_self = kernelCall(
  'device_remove_file_self',
  (dev: device, attr: device_attribute): Sim<boolean> => removeWithSelf(dev.kobj.$directory, attr),
)

/** Adds a file whose functions get `args` and then the text. */
function addFile(
  kobj: kobject, attr: bus_attribute | class_attribute, what: string, args: readonly unknown[],
): number {
  if (!kobj.$directory) return -EINVAL
  const { show, store } = attr
  const ops = a.fileOps(
    show ? (buf) => a.attributeCall(`${what}_show`, show, ...args, buf) : null,
    store ? (text, count) => a.attributeCall(`${what}_store`, store, ...args, text, count) : null,
  )
  const { name, mode } = attr.attr
  return sysfs(machine()).createFile(kobj.$directory, name, ops, attr, mode)
}

/** Adds a file to a bus's directory. 0 or -errno. Pair: `bus_remove_file`. */
export const bus_create_file = kernelCall(
  'bus_create_file',
  (bus: bus_type, attr: bus_attribute): number => {
    const own = busPrivate(bus)
    return own ? addFile(own.set.kobj, attr, 'bus_attr', [bus]) : -EINVAL
  },
)
export const bus_remove_file = kernelCall(
  'bus_remove_file',
  function* (bus: bus_type, attr: bus_attribute): Sim {
    const own = busPrivate(bus)
    if (own) yield* a.removeAttribute(own.set.kobj, attr)
  },
)
/** Adds a file to a class's directory. 0 or -errno. Pair: `class_remove_file`. */
export const class_create_file = kernelCall(
  'class_create_file',
  (cls: class_, attr: class_attribute): number =>
    cls.$private ? addFile(cls.$private.set.kobj, attr, 'class_attr', [cls, attr]) : -EINVAL,
)
export const class_remove_file = kernelCall(
  'class_remove_file',
  function* (cls: class_, attr: class_attribute): Sim {
    if (cls.$private) yield* a.removeAttribute(cls.$private.set.kobj, attr)
  },
)
