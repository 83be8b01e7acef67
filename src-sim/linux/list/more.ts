import { kernelCall, quiet } from '../../kernel/api'
import * as l from '../../kernel/locking/list'
import type { list_head as Head } from '../../kernel/locking/list'

/** The less common operations. Part of `linux/list`. */

type Class<T> = new () => T

/** Puts `fresh` where `old` is. */
export const list_replace = kernelCall('list_replace', (old: Head, fresh: Head): void => {
  fresh.next = old.next
  fresh.next!.prev = fresh
  fresh.prev = old.prev
  fresh.prev!.next = fresh
})
export const list_replace_init = kernelCall('list_replace_init', (old: Head, fresh: Head): void => {
  fresh.next = old.next
  fresh.next!.prev = fresh
  fresh.prev = old.prev
  fresh.prev!.next = fresh
  l.initListHead(old)
})
/** Exchanges the places of two entries. */
export const list_swap = kernelCall('list_swap', (a: Head, b: Head): void => {
  let at = b.prev!
  l.unlinkEntry(b, false)
  b.next = a.next
  b.next!.prev = b
  b.prev = a.prev
  b.prev!.next = b
  if (at === a) at = b
  l.insert(a, at, at.next!)
})
/** Moves the first entry to the end. */
export const list_rotate_left = kernelCall('list_rotate_left', (head: Head): void => {
  if (l.isEmpty(head)) return
  const first = head.next!
  l.unlinkEntry(first, false)
  l.insert(first, head.prev!, head)
})
/** Moves all of `list` to the front of `head`; `list` must not be used any more. */
export const list_splice = kernelCall('list_splice', (list: Head, head: Head): void =>
  splice(list, head, head.next!),
)
export const list_splice_tail = kernelCall('list_splice_tail', (list: Head, head: Head): void =>
  splice(list, head.prev!, head),
)
function splice(list: Head, prev: Head, next: Head): void {
  if (l.isEmpty(list)) return
  const first = list.next!
  const last = list.prev!
  first.prev = prev
  prev.next = first
  last.next = next
  next.prev = last
}
/** Moves what comes up to and including `entry` from `head` to `list`. */
export const list_cut_position = kernelCall(
  'list_cut_position',
  (list: Head, head: Head, entry: Head): void => {
    if (l.isEmpty(head) || entry === head) {
      l.initListHead(list)
      return
    }
    const rest = entry.next!
    list.next = head.next
    list.next!.prev = list
    list.prev = entry
    entry.next = list
    head.next = rest
    rest.prev = head
  },
)
/** Empty, also as seen while another CPU takes the last entry out. */
export const list_empty_careful = kernelCall('list_empty_careful', (head: Head): boolean =>
  l.isEmpty(head) && head.prev === head,
)
export const list_is_head = quiet((entry: Head, head: Head): boolean => entry === head)
export const list_del_init_careful = kernelCall('list_del_init_careful', (entry: Head): void => {
  l.unlinkEntry(entry, false)
  l.initListHead(entry)
})
/** How many entries the list has. */
export const list_count_nodes = kernelCall('list_count_nodes', (head: Head): number => {
  let count = 0
  for (let at = head.next!; at !== head; at = at.next!) count++
  return count
})

/** The structure behind (before) another one; the head's own place counts as an entry. */
export const list_next_entry = quiet(<T extends object>(position: T, member: string): T =>
  l.ownerOf<T>(nodeOf(position, member).next!, member),
)
export const list_prev_entry = quiet(<T extends object>(position: T, member: string): T =>
  l.ownerOf<T>(nodeOf(position, member).prev!, member),
)
/** Null for an empty list. */
export const list_last_entry_or_null = quiet(<T extends object>(
  head: Head, _type: Class<T>, member: string,
): T | null => (head.prev === head ? null : l.ownerOf<T>(head.prev!, member)))
/** Whether the structure is the place of the head: the loop is over. */
export const list_entry_is_head = quiet(
  (position: object, head: Head, member: string): boolean => nodeOf(position, member) === head,
)

function nodeOf(position: object, member: string): Head {
  let at: unknown = position
  for (const part of member.split('.')) at = (at as Record<string, unknown>)[part]
  return at as Head
}

function walkFrom<T extends object>(
  head: Head,
  start: Head,
  member: string,
  forward: boolean,
  safe: boolean,
): Iterable<T> {
  return new l.ListWalk<T>(head, safe, forward, (entry) => l.ownerOf<T>(entry, member), start)
}
/** Goes on behind `position`. */
export const list_for_each_entry_continue = quiet(<T extends object>(
  position: T, head: Head, member: string,
): Iterable<T> => walkFrom<T>(head, nodeOf(position, member), member, true, false))
/** Goes on with `position` itself. */
export const list_for_each_entry_from = quiet(<T extends object>(
  position: T, head: Head, member: string,
): Iterable<T> => walkFrom<T>(head, nodeOf(position, member).prev!, member, true, false))
export const list_for_each_entry_continue_reverse = quiet(<T extends object>(
  position: T, head: Head, member: string,
): Iterable<T> => walkFrom<T>(head, nodeOf(position, member), member, false, false))
/** Backwards, where the body may remove the current one. */
export const list_for_each_entry_safe_reverse = quiet(<T extends object>(
  head: Head, _type: Class<T>, member: string,
): Iterable<T> => walkFrom<T>(head, head, member, false, true))
/** The entries themselves, backwards. */
export const list_for_each_prev = quiet(
  (head: Head): Iterable<Head> => new l.ListWalk<Head>(head, false, false, (entry) => entry),
)
