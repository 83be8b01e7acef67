import { KernelObject } from '../../engine/object'
import { kernelCall, quiet } from '../../kernel/api'
import { ownerOf, touchEntry, type list_head } from '../../kernel/locking/list'

/** Lists with a head of one pointer, for hash tables. Part of `linux/list`. */

type Class<T> = new () => T

export class hlist_head extends KernelObject {
  first: hlist_node | null = null
}

/** An entry: knows its list and its neighbours. */
export class hlist_node extends KernelObject {
  next: hlist_node | null = null
  /** @internal */
  $prev: hlist_node | null = null
  /** @internal The list it is on; null when it is on none. */
  $head: hlist_head | null = null
}

export const HLIST_HEAD = quiet((_name = ''): hlist_head => new hlist_head())
export const INIT_HLIST_HEAD = kernelCall('INIT_HLIST_HEAD', (head: hlist_head): void => {
  head.first = null
})
export const INIT_HLIST_NODE = kernelCall('INIT_HLIST_NODE', clear)
function clear(node: hlist_node): void {
  node.next = null
  node.$prev = null
  node.$head = null
}

function insert(node: hlist_node, head: hlist_head, prev: hlist_node | null): void {
  const next = prev === null ? head.first : prev.next
  node.next = next
  node.$prev = prev
  node.$head = head
  if (next) touchEntry(next, 'pprev', true).$prev = node
  if (prev) prev.next = node
  else head.first = node
}
/** Puts `node` first. */
export const hlist_add_head = kernelCall(
  'hlist_add_head',
  (node: hlist_node, head: hlist_head): void => insert(node, head, null),
)
export const hlist_add_behind = kernelCall(
  'hlist_add_behind',
  (node: hlist_node, prev: hlist_node): void => insert(node, prev.$head!, prev),
)
export const hlist_add_before = kernelCall(
  'hlist_add_before',
  (node: hlist_node, next: hlist_node): void => insert(node, next.$head!, next.$prev),
)

function remove(node: hlist_node): void {
  touchEntry(node, 'next', false)
  const { next, $prev: prev, $head: head } = node
  if (next) touchEntry(next, 'pprev', true).$prev = prev
  if (prev) touchEntry(prev, 'next', true).next = next
  else if (head) head.first = next
}
/** Takes the entry out; it must be on a list. */
export const hlist_del = kernelCall('hlist_del', (node: hlist_node): void => {
  remove(node)
  clear(node)
})
/** The same, allowed for one that is on no list. */
export const hlist_del_init = kernelCall('hlist_del_init', (node: hlist_node): void => {
  if (node.$head !== null) remove(node)
  clear(node)
})
export const hlist_empty = kernelCall('hlist_empty', (head: hlist_head): boolean =>
  head.first === null,
)
/** Whether the entry is on no list. */
export const hlist_unhashed = quiet((node: hlist_node): boolean => node.$head === null)

export const hlist_entry = quiet(<T extends object>(
  node: hlist_node, _type: Class<T>, member: string,
): T => ownerOf<T>(node as unknown as list_head, member))

/** Goes from node to node as C does: the way on is read when the body is through. */
class HlistWalk<T extends object> implements Iterable<T>, Iterator<T> {
  #at: hlist_node | null = null
  #next: hlist_node | null
  readonly #member: string
  readonly #safe: boolean

  constructor(head: hlist_head, member: string, safe: boolean) {
    this.#next = head.first
    this.#member = member
    this.#safe = safe
  }

  [Symbol.iterator](): Iterator<T> {
    return this
  }

  next(): IteratorResult<T> {
    const node = this.#at === null || this.#safe ? this.#next : touchEntry(this.#at, 'next', false).next
    if (node === null) return { done: true, value: undefined }
    this.#at = node
    if (this.#safe) this.#next = node.next
    return { done: false, value: ownerOf<T>(node as unknown as list_head, this.#member) }
  }
}

/** All structures of a list. The current one must not be removed in the body. */
export const hlist_for_each_entry = quiet(<T extends object>(
  head: hlist_head, _type: Class<T>, member: string,
): Iterable<T> => new HlistWalk<T>(head, member, false))
/** The same where the body may remove the current one. */
export const hlist_for_each_entry_safe = quiet(<T extends object>(
  head: hlist_head, _type: Class<T>, member: string,
): Iterable<T> => new HlistWalk<T>(head, member, true))
