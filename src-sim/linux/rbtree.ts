import { machine } from '../engine/current'
import { kernelCall, quiet } from '../kernel/api'
import { ownerOf, touchEntry, type list_head } from '../kernel/locking/list'
import * as r from '../kernel/lib/rbtree'
import { rb_node, rb_root, rb_root_cached } from '../kernel/lib/rbtree'
import { ptr_to, type ptr } from './types'

/** Brought along, as by the C header. */
export * from './container_of'
export * from './types'

/**
 * Red-black trees: `linux/rbtree`. A node is a member of a structure; whoever inserts walks down
 * (`let link = ptr_to(root, 'rb_node')`), then calls `rb_link_node` and `rb_insert_color`. Locking
 * is the caller's.
 */
export { rb_node, rb_root, rb_root_cached } from '../kernel/lib/rbtree'

type Node = rb_node | null
type Class<T> = new () => T

export const RB_ROOT = quiet((): rb_root => new rb_root())
export const RB_ROOT_CACHED = quiet((): rb_root_cached => new rb_root_cached())
export const RB_EMPTY_ROOT = quiet((root: rb_root): boolean => root.rb_node === null)
/** Whether the node was cleared and not inserted since. */
export const RB_EMPTY_NODE = quiet((node: rb_node): boolean => node.$up === node)
export const RB_CLEAR_NODE = quiet((node: rb_node): void => {
  node.$up = node
})
export const rb_parent = quiet((node: rb_node): Node => node.$up)

/** The structure whose member `member` the node is. */
export const rb_entry = quiet(<T extends object>(node: rb_node, _type: Class<T>, member: string): T =>
  ownerOf<T>(node as unknown as list_head, member),
)
/** The same for a node that may be null. */
export const rb_entry_safe = quiet(
  <T extends object>(node: Node, type: Class<T>, member: string): T | null =>
    node && rb_entry(node, type, member),
)

/** Hangs a node where the walk ended. `rb_insert_color` must follow. */
export const rb_link_node = kernelCall('rb_link_node', (node: rb_node, parent: Node, link: ptr<Node>) => {
  if (parent) touchEntry(parent, 'rb_left', true)
  r.linkNode(node, parent, link)
})
export const rb_insert_color = kernelCall('rb_insert_color', (node: rb_node, root: rb_root): void =>
  r.insertColor(root, node),
)
/** Takes a node out. */
export const rb_erase = kernelCall('rb_erase', (node: rb_node, root: rb_root): void => {
  touchEntry(node, '__rb_parent_color', false)
  r.erase(root, node)
})
export const rb_replace_node = kernelCall(
  'rb_replace_node',
  (victim: rb_node, by: rb_node, root: rb_root): void => r.replaceNode(victim, by, root),
)
export const rb_first = kernelCall('rb_first', (root: rb_root): Node => r.first(root))
export const rb_last = kernelCall('rb_last', (root: rb_root): Node => r.last(root))
export const rb_next = kernelCall('rb_next', (node: rb_node): Node =>
  r.neighbour(touchEntry(node, 'rb_right', false), 'rb_right'),
)
export const rb_prev = kernelCall('rb_prev', (node: rb_node): Node =>
  r.neighbour(touchEntry(node, 'rb_left', false), 'rb_left'),
)

export const rb_first_cached = quiet((root: rb_root_cached): Node => root.rb_leftmost)
export const rb_insert_color_cached = kernelCall(
  'rb_insert_color_cached',
  (node: rb_node, root: rb_root_cached, leftmost: boolean): void => {
    if (leftmost) root.rb_leftmost = node
    r.insertColor(root.rb_root, node)
  },
)
/** Takes a node out: the new first node when it was the first, else null. */
export const rb_erase_cached = kernelCall(
  'rb_erase_cached',
  (node: rb_node, root: rb_root_cached): Node => {
    const next = root.rb_leftmost === node ? r.neighbour(node, 'rb_right') : null
    if (root.rb_leftmost === node) root.rb_leftmost = next
    r.erase(root.rb_root, node)
    return next
  },
)

/** The answer of a driver's function that runs as one step with what calls it. */
const ask = <T>(answer: T): T => machine().runtime.atomic<T>(answer)

function place(node: rb_node, root: rb_root, goesLeft: (parent: rb_node) => boolean): boolean {
  let link: ptr<Node> = ptr_to(root, 'rb_node')
  let parent: Node = null
  let leftmost = true
  while (link.value) {
    parent = touchEntry(link.value, 'rb_left', false)
    if (goesLeft(parent)) link = ptr_to(parent, 'rb_left')
    else {
      link = ptr_to(parent, 'rb_right')
      leftmost = false
    }
  }
  r.linkNode(node, parent, link)
  r.insertColor(root, node)
  return leftmost
}
/** Inserts a node behind those that `less` puts it behind. */
export const rb_add = kernelCall(
  'rb_add',
  (node: rb_node, tree: rb_root, less: (a: rb_node, b: rb_node) => boolean): void =>
    void place(node, tree, (parent) => ask(less(node, parent))),
)
/** The same; the node when it is the first now, else null. */
export const rb_add_cached = kernelCall(
  'rb_add_cached',
  (node: rb_node, tree: rb_root_cached, less: (a: rb_node, b: rb_node) => boolean): Node => {
    if (!place(node, tree.rb_root, (parent) => ask(less(node, parent)))) return null
    tree.rb_leftmost = node
    return node
  },
)
type Compare<K> = (key: K, node: rb_node) => number
function find<K>(key: K, tree: rb_root, cmp: Compare<K>): Node {
  let node = tree.rb_node
  while (node) {
    const order = ask(cmp(key, touchEntry(node, 'rb_left', false)))
    if (order === 0) return node
    node = order < 0 ? node.rb_left : node.rb_right
  }
  return null
}
/** A node that compares equal to the key, or null. */
export const rb_find = kernelCall('rb_find', find)
/** The first of those that compare equal to the key, or null. */
export const rb_find_first = kernelCall('rb_find_first', <K>(key: K, tree: rb_root, cmp: Compare<K>): Node => {
  let match: Node = null
  let node = tree.rb_node
  while (node) {
    const order = ask(cmp(key, node))
    if (order === 0) match = node
    node = order <= 0 ? node.rb_left : node.rb_right
  }
  return match
})
/** The node that is there already, or null when this one was inserted. */
export const rb_find_add = kernelCall(
  'rb_find_add',
  (node: rb_node, tree: rb_root, cmp: (a: rb_node, b: rb_node) => number): Node => {
    const there = find(node, tree, cmp)
    if (!there) place(node, tree, (parent) => ask(cmp(node, parent)) < 0)
    return there
  },
)

/** All structures, children before parents: the body may free each of them. */
export const rbtree_postorder_for_each_entry_safe = quiet(
  <T extends object>(root: rb_root, type: Class<T>, member: string): Iterable<T> =>
    r.postorder(root).map((node) => rb_entry(node, type, member)),
)
