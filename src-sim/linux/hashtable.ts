import { kernelCall, quiet } from '../kernel/api'
import { hash_64 } from './hash'
import {
  hlist_add_head, hlist_del_init, hlist_for_each_entry, hlist_for_each_entry_safe, hlist_head,
  hlist_node, hlist_unhashed,
} from './list'

/**
 * Hash tables: `linux/hashtable`. A table is an array of lists; an entry is an `hlist_node` inside
 * a structure: `for (const d of hash_for_each_possible(table, dev, 'node', key))`.
 */
export type hashtable = hlist_head[]

type Class<T> = new () => T

/** A table of 2^bits lists: `const t = DEFINE_HASHTABLE('t', 4)`. */
export const DEFINE_HASHTABLE = quiet((_name: string, bits: number): hashtable =>
  Array.from({ length: 2 ** bits }, () => new hlist_head()),
)
export const DECLARE_HASHTABLE = DEFINE_HASHTABLE
export const hash_init = kernelCall('hash_init', (table: hashtable): void => {
  for (const head of table) head.first = null
})

const bucket = (table: hashtable, key: number): hlist_head => {
  let bits = 0
  while (2 ** bits < table.length) bits++
  return table[bits === 0 ? 0 : hash_64(key, bits)]!
}

/** Adds an entry under a key. */
export const hash_add = kernelCall(
  'hash_add',
  (table: hashtable, node: hlist_node, key: number): void => hlist_add_head(node, bucket(table, key)),
)
/** Takes an entry out; nothing when it is in no table. */
export const hash_del = kernelCall('hash_del', (node: hlist_node): void => hlist_del_init(node))
export const hash_hashed = quiet((node: hlist_node): boolean => !hlist_unhashed(node))
export const hash_empty = kernelCall('hash_empty', (table: hashtable): boolean =>
  table.every((head) => head.first === null),
)
/** All structures of the table. */
export const hash_for_each = quiet(<T extends object>(
  table: hashtable, type: Class<T>, member: string,
): T[] => table.flatMap((head) => [...hlist_for_each_entry<T>(head, type, member)]))
/** The same where the body may remove the current one. */
export const hash_for_each_safe = hash_for_each
/** The structures that may have this key: compare it. */
export const hash_for_each_possible = quiet(<T extends object>(
  table: hashtable, type: Class<T>, member: string, key: number,
): Iterable<T> => hlist_for_each_entry<T>(bucket(table, key), type, member))
export const hash_for_each_possible_safe = quiet(<T extends object>(
  table: hashtable, type: Class<T>, member: string, key: number,
): Iterable<T> => hlist_for_each_entry_safe<T>(bucket(table, key), type, member))
