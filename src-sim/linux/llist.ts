import { kernelCall, quiet } from '../kernel/api'
import { KernelObject } from '../engine/object'
import { acquireOn, markAccess, releaseOn } from '../kernel/locking/access'
import { ownerOf, type list_head } from '../kernel/locking/list'

/** Lock-free stacks: `linux/llist`. Anybody may add; one takes all. */

export class llist_node extends KernelObject {
  next: llist_node | null = null
}

export class llist_head extends KernelObject {
  first: llist_node | null = null
}

export const init_llist_head = kernelCall('init_llist_head', function (head: llist_head): void {
  head.first = null
})
/** True when the list was empty before. Any context. */
export const llist_add = kernelCall('llist_add', function (
  node: llist_node, head: llist_head,
): boolean {
  markAccess(head, 'first', true)
  releaseOn(head)
  node.next = head.first
  head.first = node
  return node.next === null
})
/** Takes all: the one added last is first. */
export const llist_del_all = kernelCall('llist_del_all', function (
  head: llist_head,
): llist_node | null {
  markAccess(head, 'first', true)
  acquireOn(head)
  const { first } = head
  head.first = null
  return first
})
export const llist_empty = kernelCall('llist_empty', function (head: llist_head): boolean {
  markAccess(head, 'first', false)
  return head.first === null
})
export const llist_reverse_order = quiet(function llist_reverse_order(
  head: llist_node | null,
): llist_node | null {
  let reversed: llist_node | null = null
  for (let node = head; node !== null; ) {
    const { next } = node
    node.next = reversed
    reversed = node
    node = next
  }
  return reversed
})
/** All structures of a list taken by `llist_del_all`; the body may free the current one. */
export const llist_for_each_entry_safe = quiet(function llist_for_each_entry_safe<T extends object>(
  first: llist_node | null,
  _type: new () => T,
  member: string,
): T[] {
  const all: T[] = []
  for (let node = first; node !== null; node = node.next)
    all.push(ownerOf<T>(node as unknown as list_head, member))
  return all
})
/** Adds a whole chain, from `first` to `last`. True when the list was empty before. */
export const llist_add_batch = kernelCall(
  'llist_add_batch',
  (first: llist_node, last: llist_node, head: llist_head): boolean => {
    markAccess(head, 'first', true)
    releaseOn(head)
    last.next = head.first
    head.first = first
    return last.next === null
  },
)
/** Takes the one added last. Only one at a time may do this. */
export const llist_del_first = kernelCall('llist_del_first', (
  head: llist_head,
): llist_node | null => {
  markAccess(head, 'first', true)
  acquireOn(head)
  const { first } = head
  if (first !== null) head.first = first.next
  return first
})
export const llist_entry = quiet(<T extends object>(
  node: llist_node, _type: new () => T, member: string,
): T => ownerOf<T>(node as unknown as list_head, member))
export const llist_next = quiet((node: llist_node): llist_node | null => node.next)
/** All structures of a list taken by `llist_del_all`. */
export const llist_for_each_entry = llist_for_each_entry_safe
export const LLIST_HEAD = quiet((_name = ''): llist_head => new llist_head())
