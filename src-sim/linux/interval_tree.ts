import { KernelObject } from '../engine/object'
import { hidden } from '../engine/object'
import { kernelCall } from '../kernel/api'
import * as r from '../kernel/lib/rbtree'
import { rb_node, type rb_root_cached } from '../kernel/lib/rbtree'
import { touchEntry } from '../kernel/locking/list'
import { rb_add_cached, rb_erase_cached } from './rbtree'

/** Brought along, as by the C header. */
export * from './rbtree'

/**
 * Sets of intervals that may overlap: `linux/interval_tree`. Both ends belong to an interval.
 * Locking is the caller's.
 */
export class interval_tree_node extends KernelObject {
  rb = new rb_node()
  start = 0
  last = 0

  constructor() {
    super()
    this.rb.$parent = this
    this.rb.$field = 'rb'
  }
}

type Node = interval_tree_node
const nodeOf = (rb: rb_node): Node => hidden(rb).$parent as Node
const before = (a: rb_node, b: rb_node): boolean => nodeOf(a).start < nodeOf(b).start

export const interval_tree_insert = kernelCall(
  'interval_tree_insert',
  (node: Node, root: rb_root_cached): void => void rb_add_cached(node.rb, root, before),
)
export const interval_tree_remove = kernelCall(
  'interval_tree_remove',
  (node: Node, root: rb_root_cached): void => {
    touchEntry(node.rb, '__rb_parent_color', false)
    rb_erase_cached(node.rb, root)
  },
)

function from(rb: rb_node | null, start: number, last: number): Node | null {
  for (let at = rb; at; at = r.neighbour(at, 'rb_right')) {
    const node = nodeOf(at)
    if (node.start > last) return null
    if (node.last >= start) return node
  }
  return null
}
/** The first interval that shares a point with [start, last], or null. */
export const interval_tree_iter_first = kernelCall(
  'interval_tree_iter_first',
  (root: rb_root_cached, start: number, last: number) => from(root.rb_leftmost, start, last),
)
/** The next one behind `node`, or null. */
export const interval_tree_iter_next = kernelCall(
  'interval_tree_iter_next',
  (node: Node, start: number, last: number) =>
    from(r.neighbour(touchEntry(node.rb, 'rb_right', false), 'rb_right'), start, last),
)
