import { kernelCall, quiet } from '../kernel/api'
import * as l from '../kernel/locking/list'
import type { list_head as Head } from '../kernel/locking/list'

/** Brought along, as by the C header. */
export * from './container_of'
export * from './types'

/**
 * Linked lists: `linux/list`. An entry is a `list_head` inside a structure; iteration names the
 * structure and the member: `for (const d of list_for_each_entry(head, dev, 'node'))`.
 */

export { list_head } from '../kernel/locking/list'

type Class<T> = new () => T

/** A static, empty list. */
export const LIST_HEAD = quiet(function LIST_HEAD(_name = ''): Head {
  return new l.list_head()
})
export const INIT_LIST_HEAD = kernelCall('INIT_LIST_HEAD', l.initListHead)
/** Puts `entry` behind `head`: first. */
export const list_add = kernelCall('list_add', (entry: Head, head: Head): void =>
  l.insert(entry, head, head.next!),
)
/** Puts `entry` before `head`: last. */
export const list_add_tail = kernelCall('list_add_tail', (entry: Head, head: Head): void =>
  l.insert(entry, head.prev!, head),
)
/** Takes the entry out; it is not a list any more until it is initialised or added. */
export const list_del = kernelCall('list_del', (entry: Head): void => l.unlinkEntry(entry, false))
export const list_del_init = kernelCall('list_del_init', function (entry: Head): void {
  l.unlinkEntry(entry, false)
  l.initListHead(entry)
})
export const list_move = kernelCall('list_move', function (entry: Head, head: Head): void {
  l.unlinkEntry(entry, false)
  l.insert(entry, head, head.next!)
})
export const list_move_tail = kernelCall('list_move_tail', function (
  entry: Head, head: Head,
): void {
  l.unlinkEntry(entry, false)
  l.insert(entry, head.prev!, head)
})
export const list_empty = kernelCall('list_empty', (head: Head): boolean => l.isEmpty(head))
export const list_is_first = kernelCall(
  'list_is_first',
  (e: Head, head: Head): boolean => e.prev === head,
)
export const list_is_last = kernelCall(
  'list_is_last',
  (e: Head, head: Head): boolean => e.next === head,
)
export const list_is_singular = kernelCall('list_is_singular', (head: Head): boolean =>
  !l.isEmpty(head) && head.next === head.prev,
)
/** Moves all of `list` to the front of `head` and empties it. */
export const list_splice_init = kernelCall('list_splice_init', function (
  list: Head, head: Head,
): void {
  splice(list, head, head.next!)
})
export const list_splice_tail_init = kernelCall(
  'list_splice_tail_init',
  function (list: Head, head: Head): void {
    splice(list, head.prev!, head)
  },
)
function splice(list: Head, prev: Head, next: Head): void {
  if (l.isEmpty(list)) return
  const first = list.next!
  const last = list.prev!
  first.prev = prev
  prev.next = first
  last.next = next
  next.prev = last
  l.initListHead(list)
}

/** The structure of class `type` that contains `entry` as `member`. */
export const list_entry = quiet(function list_entry<T extends object>(
  entry: Head,
  _type: Class<T>,
  member: string,
): T {
  return l.ownerOf(entry, member)
})
/** The list must not be empty. */
export const list_first_entry = quiet(function list_first_entry<T extends object>(
  head: Head,
  _type: Class<T>,
  member: string,
): T {
  return l.ownerOf(head.next!, member)
})
/** Null for an empty list. */
export const list_first_entry_or_null = quiet(function list_first_entry_or_null<T extends object>(
  head: Head,
  _type: Class<T>,
  member: string,
): T | null {
  return head.next === head ? null : l.ownerOf(head.next!, member)
})
export const list_last_entry = quiet(function list_last_entry<T extends object>(
  head: Head,
  _type: Class<T>,
  member: string,
): T {
  return l.ownerOf(head.prev!, member)
})

function walk<T extends object>(head: Head, member: string, safe: boolean, forward: boolean) {
  return new l.ListWalk<T>(head, safe, forward, (entry) => l.ownerOf<T>(entry, member))
}
/** All structures of the list in order. The current one must not be removed in the body. */
export const list_for_each_entry = quiet(function list_for_each_entry<T extends object>(
  head: Head,
  _type: Class<T>,
  member: string,
): Iterable<T> {
  return walk<T>(head, member, false, true)
})
/** The same where the body may remove the current one. */
export const list_for_each_entry_safe = quiet(function list_for_each_entry_safe<T extends object>(
  head: Head,
  _type: Class<T>,
  member: string,
): Iterable<T> {
  return walk<T>(head, member, true, true)
})
export const list_for_each_entry_reverse = quiet(function list_for_each_entry_reverse<
  T extends object,
>(head: Head, _type: Class<T>, member: string): Iterable<T> {
  return walk<T>(head, member, false, false)
})
/** The entries themselves. */
export const list_for_each = quiet(function list_for_each(head: Head): Iterable<Head> {
  return new l.ListWalk<Head>(head, false, true, (entry) => entry)
})
export const list_for_each_safe = quiet(function list_for_each_safe(head: Head): Iterable<Head> {
  return new l.ListWalk<Head>(head, true, true, (entry) => entry)
})

export * from './list/hlist'
export * from './list/more'
