import { quiet } from '../../kernel/api'
import {
  attributeFops, type SimpleAttribute,
} from '../../kernel/fs/debugfs/values'
import { modules } from '../../kernel/base/module'
import { machine } from '../../engine/current'
import type { file_operations } from '../../kernel/fs/file'

/** Files of one number that a driver computes. Part of `linux/debugfs` and `linux/fs`. */

type Get = SimpleAttribute['get']
type Set = SimpleAttribute['set']

const make = (get: Get, set: Set, format: string, signed: boolean): file_operations => ({
  ...attributeFops({ get, set, format, signed }),
  owner: modules(machine()).current,
})

/** `const x_fops = DEFINE_SIMPLE_ATTRIBUTE('x', x_get, x_set, '%llu\n')`. */
export const DEFINE_SIMPLE_ATTRIBUTE = quiet(
  (_name: string, get: Get, set: Set, format: string) => make(get, set, format, false),
)
export const DEFINE_SIMPLE_ATTRIBUTE_SIGNED = quiet(
  (_name: string, get: Get, set: Set, format: string) => make(get, set, format, true),
)
/** The same for `debugfs_create_file_unsafe`. */
export const DEFINE_DEBUGFS_ATTRIBUTE = DEFINE_SIMPLE_ATTRIBUTE
export const DEFINE_DEBUGFS_ATTRIBUTE_SIGNED = DEFINE_SIMPLE_ATTRIBUTE_SIGNED
