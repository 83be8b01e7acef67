import { kernelCall, quiet } from '../kernel/api'
import { entryOf } from '../kernel/fs/debugfs/open'
import * as d from '../kernel/fs/debugfs/tree'
import { dentry } from '../kernel/fs/debugfs/tree'
import { attributeFops, openAttribute, readText } from '../kernel/fs/debugfs/values'
import type { file, file_operations } from '../kernel/fs/file'
import { addDevres } from '../kernel/base/devres'
import type { device } from '../kernel/base/device'
import type { Sim } from '../engine/suspend'
import { atomic_read, atomic_set, type atomic_t } from './atomic'
import { EIO, EPERM } from './errno'
import { kstrtobool } from './kstrtox'
import { single_open, single_release, seq_lseek, seq_read, type seq_file } from './seq_file'
import { textOf } from './string'
import { ptr, type umode_t } from './types'

/** Brought along, as by the C header. */
export * from './fs'
export * from './seq_file'
export * from './types'

/**
 * Files below /sys/kernel/debug: `linux/debugfs`. What these functions answer is an error pointer
 * at worst, which they all accept as a parent: nobody needs to check.
 */
export { dentry } from '../kernel/fs/debugfs/tree'
export * from './debugfs/simple'

type Parent = dentry | null

/** A directory; null as the parent is the top. May sleep. Pair: `debugfs_remove`. */
export const debugfs_create_dir = kernelCall('debugfs_create_dir', (name: string, parent: Parent) =>
  d.createDirectory(name, parent),
)
/**
 * A file whose functions are called only while it is there: removal waits for those inside, and
 * open files answer -EIO afterwards. `data` is the inode's `i_private`. May sleep.
 */
export const debugfs_create_file = kernelCall(
  'debugfs_create_file',
  (name: string, mode: umode_t, parent: Parent, data: any, fops: file_operations | null) =>
    d.createFile(name, mode, parent, data, fops),
)
export const debugfs_create_file_aux = kernelCall(
  'debugfs_create_file_aux',
  (name: string, mode: umode_t, parent: Parent, data: any, aux: any, fops: file_operations | null) => {
    const made = d.createFile(name, mode, parent, data, fops)
    if (made instanceof dentry) auxiliary.set(made, aux)
    return made
  },
)
const auxiliary = new WeakMap<dentry, unknown>()
/** What `debugfs_create_file_aux` was given. */
export const debugfs_get_aux = (f: file): any => auxiliary.get(entryOf(f)!) ?? null
/** As `debugfs_create_file`, without protection: the functions use `debugfs_file_get` themselves. */
export const debugfs_create_file_unsafe = kernelCall(
  'debugfs_create_file_unsafe',
  (name: string, mode: umode_t, parent: Parent, data: any, fops: file_operations | null) =>
    d.createFile(name, mode, parent, data, fops, true),
)
export const debugfs_create_symlink = kernelCall(
  'debugfs_create_symlink',
  (name: string, parent: Parent, target: string) => d.createSymlink(name, parent, target),
)
/** Removes an entry and all below it, and waits for users. NULL and errors are fine. May sleep. */
export const debugfs_remove = kernelCall('debugfs_remove', (entry: Parent): Sim => d.remove(entry))
export const debugfs_remove_recursive = debugfs_remove
/** The entry of that name, or null. */
export const debugfs_lookup = kernelCall('debugfs_lookup', lookup)
export const debugfs_lookup_and_remove = kernelCall(
  'debugfs_lookup_and_remove',
  (name: string, parent: Parent): Sim => d.remove(lookup(name, parent)),
)
function lookup(name: string, parent: Parent): dentry | null {
  return parent === null ? d.findEntry(name) : (parent.$children?.get(name) ?? null)
}
export const debugfs_initialized = quiet((): boolean => true)

/** Begins a use of the file: 0, or -EIO when it has been removed. Pair: `debugfs_file_put`. */
export const debugfs_file_get = kernelCall('debugfs_file_get', (entry: dentry): number =>
  entry.$users.enter() ? 0 : -EIO,
)
export const debugfs_file_put = kernelCall('debugfs_file_put', (entry: dentry): void =>
  entry.$users.leave(),
)
/** The driver's own operations of an open file. */
export const debugfs_real_fops = quiet(
  (f: file): file_operations | null => entryOf(f)?.$fops ?? null,
)

/** A file of a number: without a write bit it can only be read, without a read bit written. */
function number(format: string, store: (n: number) => number, signed = false) {
  return (name: string, mode: umode_t, parent: Parent, value: ptr<number>): void => {
    const fops = attributeFops({
      get: mode & 0o444 || !(mode & 0o222)
        ? (data: ptr<number>, val) => {
            val.value = data.value
            return 0
          }
        : null,
      set: mode & 0o222
        ? (data: ptr<number>, n) => {
            data.value = store(n)
            return 0
          }
        : null,
      format,
      signed,
    })
    d.createFile(name, mode, parent, value, fops)
  }
}
const width = (bits: number) => (n: number) => (bits < 32 ? n & (2 ** bits - 1) : n >>> 0)
const whole = (n: number): number => n

export const debugfs_create_u8 = kernelCall('debugfs_create_u8', number('%llu\n', width(8)))
export const debugfs_create_u16 = kernelCall('debugfs_create_u16', number('%llu\n', width(16)))
export const debugfs_create_u32 = kernelCall('debugfs_create_u32', number('%llu\n', width(32)))
export const debugfs_create_u64 = kernelCall('debugfs_create_u64', number('%llu\n', whole))
export const debugfs_create_ulong = kernelCall('debugfs_create_ulong', number('%llu\n', whole))
export const debugfs_create_size_t = kernelCall('debugfs_create_size_t', number('%llu\n', whole))
export const debugfs_create_x8 = kernelCall('debugfs_create_x8', number('0x%02llx\n', width(8)))
export const debugfs_create_x16 = kernelCall('debugfs_create_x16', number('0x%04llx\n', width(16)))
export const debugfs_create_x32 = kernelCall('debugfs_create_x32', number('0x%08llx\n', width(32)))
export const debugfs_create_x64 = kernelCall('debugfs_create_x64', number('0x%016llx\n', whole))
/** An `atomic_t` as a number. */
export const debugfs_create_atomic_t = kernelCall(
  'debugfs_create_atomic_t',
  (name: string, mode: umode_t, parent: Parent, value: atomic_t): void => {
    const at: ptr<number> = {
      get value() {
        return atomic_read(value)
      },
      set value(n: number) {
        atomic_set(value, n)
      },
    }
    number('%lld\n', (n) => n | 0, true)(name, mode, parent, at)
  },
)

const boolText = (value: ptr<boolean>): string => (value.value ? 'Y\n' : 'N\n')
/** `Y` or `N`; what cannot be understood is taken and changes nothing. */
export const debugfs_create_bool = kernelCall(
  'debugfs_create_bool',
  (name: string, mode: umode_t, parent: Parent, value: ptr<boolean>): void => {
    const fops: file_operations = {
      open: (node, f) => openAttribute(node.i_private, f),
      read: (_f, buf, count, ppos) => readText(boolText(value), buf, count, ppos),
    }
    if (mode & 0o222)
      fops.write = (_f, buf: Uint8Array, count) => {
        const parsed = ptr<boolean>(false)
        if (kstrtobool(buf.slice(0, count), parsed) === 0) value.value = parsed.value
        return count
      }
    d.createFile(name, mode, parent, value, fops)
  },
)
/** The text that the pointer leads to; it cannot be written. */
export const debugfs_create_str = kernelCall(
  'debugfs_create_str',
  (name: string, mode: umode_t, parent: Parent, value: ptr<string | Uint8Array | null>): void => {
    d.createFile(name, mode, parent, value, {
      read: (_f, buf, count, ppos) => readText(`${textOf(value.value ?? '')}\n`, buf, count, ppos),
      write: () => -EPERM,
    })
  },
)
/** Bytes that somebody else owns. */
export interface debugfs_blob_wrapper {
  data: Uint8Array
  size: number
}
export const debugfs_create_blob = kernelCall(
  'debugfs_create_blob',
  (name: string, mode: umode_t, parent: Parent, blob: debugfs_blob_wrapper): dentry =>
    d.createFile(name, mode & 0o644, parent, blob, {
      read: (_f, buf: Uint8Array, count, ppos) => {
        const n = Math.max(0, Math.min(count, blob.size - ppos.value))
        buf.set(blob.data.subarray(ppos.value, ppos.value + n))
        ppos.value += n
        return n
      },
    }),
)
/** A read-only file that `read_fn` prints (with `s.private` the device); it goes with the device. */
export const debugfs_create_devm_seqfile = kernelCall(
  'debugfs_create_devm_seqfile',
  (
    dev: device, name: string, parent: Parent, read_fn: (s: seq_file, data: any) => number,
  ): void => {
    const made = d.createFile(name, 0o444, parent, dev, {
      open: (_node, f) => single_open(f, read_fn, dev),
      read: seq_read,
      llseek: seq_lseek,
      release: single_release,
    })
    if (!(made instanceof dentry)) return
    const release = (): unknown => d.remove(made)
    addDevres(dev, { name: 'debugfs_devm_entry', key: made, release })
  },
)
