import { kernelCall, quiet } from '../kernel/api'
import { releaseOn } from '../kernel/locking/access'
import * as l from '../kernel/locking/list'
import type { list_head as Head } from '../kernel/locking/list'
import { checkDereference } from '../kernel/rcu/update'
import { rcuReadLockHeld } from '../kernel/rcu/tree'

/**
 * Lists that RCU readers walk while a writer changes them: `linux/rculist`. Writers exclude each
 * other by a lock; what was removed may be freed after a grace period.
 */

/** Publishes `entry` as the first one. */
export const list_add_rcu = kernelCall('list_add_rcu', function (entry: Head, head: Head): void {
  releaseOn(head)
  l.insert(entry, head, head.next!)
})
export const list_add_tail_rcu = kernelCall('list_add_tail_rcu', function (entry: Head, head: Head): void {
  releaseOn(head.prev!)
  l.insert(entry, head.prev!, head)
})
/** Takes the entry out; readers that are at it still find their way on. */
export const list_del_rcu = kernelCall(
  'list_del_rcu',
  (entry: Head): void => l.unlinkEntry(entry, true),
)
/** Puts `next` where `old` was. */
export const list_replace_rcu = kernelCall('list_replace_rcu', function (old: Head, next: Head): void {
  next.next = old.next
  next.prev = old.prev
  releaseOn(old)
  next.prev!.next = next
  next.next!.prev = next
  old.prev = null
})
/** All structures of the list, inside a reader (or where `condition` says why it is safe). */
export const list_for_each_entry_rcu = quiet(function list_for_each_entry_rcu<T extends object>(
  head: Head,
  _type: new () => T,
  member: string,
  condition: unknown = false,
): Iterable<T> {
  checkDereference(Boolean(condition) || rcuReadLockHeld(), 'list_for_each_entry_rcu')
  return new l.ListWalk<T>(head, false, true, (entry) => l.ownerOf<T>(entry, member))
})
