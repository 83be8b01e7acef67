import type { Sim } from '../../engine/suspend'
import { kernelCall, quiet } from '../../kernel/api'
import { createBinaryFile, type bin_attribute } from '../../kernel/base/attributes'
import type { device } from '../../kernel/base/device'
import type { kobject } from '../../kernel/base/kobject'
import { removeFile } from '../../kernel/base/sysfs'

/** Files of bytes under /sys. Part of `linux/sysfs`. */

type Function = bin_attribute['read']

const make = (
  name: string, mode: number, read: Function, write: Function, size: number,
): bin_attribute => ({
  attr: { name, mode }, size, private: null, read: read ?? null, write: write ?? null,
})

/** `const bin_attr_x = BIN_ATTR('x', 0o600, x_read, x_write, 16)`. */
export const BIN_ATTR = quiet(make)
export const __BIN_ATTR = BIN_ATTR
export const BIN_ATTR_RO = quiet((name: string, read: Function, size: number) =>
  make(name, 0o444, read, null, size),
)
export const BIN_ATTR_WO = quiet((name: string, write: Function, size: number) =>
  make(name, 0o200, null, write, size),
)
export const BIN_ATTR_RW = quiet((name: string, read: Function, write: Function, size: number) =>
  make(name, 0o644, read, write, size),
)
export const BIN_ATTR_ADMIN_RO = quiet((name: string, read: Function, size: number) =>
  make(name, 0o400, read, null, size),
)
export const BIN_ATTR_ADMIN_RW = quiet(
  (name: string, read: Function, write: Function, size: number) =>
    make(name, 0o600, read, write, size),
)
/** A file that shows the bytes in `private`. */
export const BIN_ATTR_SIMPLE_RO = quiet((name: string, data: Uint8Array): bin_attribute => ({
  ...make(name, 0o444, sysfs_bin_attr_simple_read, null, data.length),
  private: data,
}))
/** For attributes that are made at run time; nothing to do here. */
export function sysfs_bin_attr_init(_attr: bin_attribute): void {}

/** A read function for attributes whose `private` is the bytes. */
export function sysfs_bin_attr_simple_read(
  _file: unknown, _kobj: kobject, attr: bin_attribute, buf: Uint8Array, off: number, count: number,
): number {
  const data = attr.private as Uint8Array
  buf.set(data.subarray(off, off + count))
  return count
}

/** Adds a file of bytes. 0 or -errno. May sleep. Pair: `sysfs_remove_bin_file`. */
export const sysfs_create_bin_file = kernelCall(
  'sysfs_create_bin_file',
  (kobj: kobject, attr: bin_attribute): number => createBinaryFile(kobj, attr),
)
/** Removes it and waits for those inside its functions. May sleep. */
export const sysfs_remove_bin_file = kernelCall('sysfs_remove_bin_file', remove)
function* remove(kobj: kobject, attr: bin_attribute): Sim {
  if (kobj.$directory) yield* removeFile(kobj.$directory, attr.attr.name)
}
/** The same for a device. */
export const device_create_bin_file = kernelCall(
  'device_create_bin_file',
  (dev: device | null, attr: bin_attribute): number =>
    dev ? createBinaryFile(dev.kobj, attr) : -22,
)
export const device_remove_bin_file = kernelCall(
  'device_remove_bin_file',
  function* (dev: device | null, attr: bin_attribute): Sim {
    if (dev) yield* remove(dev.kobj, attr)
  },
)
