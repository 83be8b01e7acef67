import { kernelCall, quiet } from '../kernel/api'
import { releaseOn } from '../kernel/locking/access'
import * as l from '../kernel/locking/list'
import type { list_head as Head } from '../kernel/locking/list'
import { suspiciousHere } from '../kernel/rcu/update'
import { rcu_dereference, rcu_read_lock_any_held } from './rcupdate'
import {
  hlist_add_head, hlist_del, hlist_for_each_entry, type hlist_head, type hlist_node,
} from './list'

/** Brought along, as by the C header. */
export * from './list'
export * from './rcupdate'

/**
 * Lists that RCU readers walk while a writer changes them: `linux/rculist`. Writers exclude each
 * other by a lock; what was removed may be freed after a grace period.
 */

/** Publishes `entry` as the first one. */
export const list_add_rcu = kernelCall('list_add_rcu', function (entry: Head, head: Head): void {
  releaseOn(head)
  l.insert(entry, head, head.next!)
})
export const list_add_tail_rcu = kernelCall('list_add_tail_rcu', function (
  entry: Head, head: Head,
): void {
  releaseOn(head.prev!)
  l.insert(entry, head.prev!, head)
})
/** Takes the entry out; readers that are at it still find their way on. */
export const list_del_rcu = kernelCall(
  'list_del_rcu',
  (entry: Head): void => l.unlinkEntry(entry, true),
)
/** Puts `next` where `old` was. */
export const list_replace_rcu = kernelCall('list_replace_rcu', function (
  old: Head, next: Head,
): void {
  next.next = old.next
  next.prev = old.prev
  releaseOn(old)
  next.prev!.next = next
  next.next!.prev = next
  old.prev = null
})
function checkTraversal(condition: unknown): void {
  if (!condition && rcu_read_lock_any_held() === 0)
    suspiciousHere('RCU-list traversed in non-reader section!')
}
/** All structures of the list, inside a reader (or where `condition` says why it is safe). */
export const list_for_each_entry_rcu = quiet(function list_for_each_entry_rcu<T extends object>(
  head: Head,
  _type: new () => T,
  member: string,
  condition: unknown = false,
): Iterable<T> {
  checkTraversal(condition)
  return new l.ListWalk<T>(head, false, true, (entry) => l.ownerOf<T>(entry, member))
})
/** The first structure, or null for an empty list. */
export const list_first_or_null_rcu = quiet(<T extends object>(
  head: Head, _type: new () => T, member: string,
): T | null => (head.next === head ? null : l.ownerOf<T>(head.next!, member)))
/** The entry behind `entry`, or null at the end. */
export const list_next_rcu = quiet((entry: Head): Head | null => rcu_dereference(entry, 'next'))

/** The same for lists with a head of one pointer. */
export const hlist_add_head_rcu = kernelCall(
  'hlist_add_head_rcu',
  (node: hlist_node, head: hlist_head): void => {
    releaseOn(head)
    hlist_add_head(node, head)
  },
)
export const hlist_del_rcu = kernelCall('hlist_del_rcu', (node: hlist_node): void => {
  const { next } = node
  hlist_del(node)
  node.next = next
})
export const hlist_for_each_entry_rcu = quiet(<T extends object>(
  head: hlist_head, type: new () => T, member: string, condition: unknown = false,
): Iterable<T> => {
  checkTraversal(condition)
  return hlist_for_each_entry<T>(head, type, member)
})
