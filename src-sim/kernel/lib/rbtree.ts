import { KernelObject } from '../../engine/object'

/** A place in a red-black tree; it is in none while it is its own parent. */
export class rb_node extends KernelObject {
  rb_left: rb_node | null = null
  rb_right: rb_node | null = null
  /** @internal */
  $up: rb_node | null = this
  /** @internal */
  $red = true
}

/** The top of a tree. */
export class rb_root extends KernelObject {
  rb_node: rb_node | null = null
}

/** A tree that knows its first node. */
export class rb_root_cached extends KernelObject {
  rb_root = new rb_root()
  rb_leftmost: rb_node | null = null
}

type Side = 'rb_left' | 'rb_right'
const other = (side: Side): Side => (side === 'rb_left' ? 'rb_right' : 'rb_left')
const isRed = (n: rb_node | null): boolean => n !== null && n.$red

/** Makes `by` the child of whatever `node` was the child of. */
function replaceChild(root: rb_root, node: rb_node, by: rb_node | null, up: rb_node | null): void {
  if (up === null) root.rb_node = by
  else if (up.rb_left === node) up.rb_left = by
  else up.rb_right = by
}

/** Turns `node` down to one side; its child of the other side comes up in its place. */
function rotate(root: rb_root, node: rb_node, side: Side): void {
  const rising = node[other(side)]!
  const inner = rising[side]
  node[other(side)] = inner
  if (inner) inner.$up = node
  rising.$up = node.$up
  replaceChild(root, node, rising, node.$up)
  rising[side] = node
  node.$up = rising
}

/** Colours a node that has just been linked, and balances the tree. */
export function insertColor(root: rb_root, inserted: rb_node): void {
  let node = inserted
  node.$red = true
  for (let up = node.$up; up?.$red; up = node.$up) {
    const grand = up.$up!
    const side: Side = grand.rb_left === up ? 'rb_left' : 'rb_right'
    const uncle = grand[other(side)]
    if (isRed(uncle)) {
      up.$red = uncle!.$red = false
      grand.$red = true
      node = grand
      continue
    }
    if (up[other(side)] === node) {
      rotate(root, up, side)
      node = up
      up = node.$up!
    }
    up.$red = false
    grand.$red = true
    rotate(root, grand, other(side))
  }
  root.rb_node!.$red = false
}

export function linkNode(node: rb_node, up: rb_node | null, link: { value: rb_node | null }): void {
  node.$up = up
  node.$red = true
  node.rb_left = node.rb_right = null
  link.value = node
}

/** Takes a node out. Its own fields stay as they are. */
export function erase(root: rb_root, node: rb_node): void {
  let removedRed = node.$red
  let child: rb_node | null
  let up: rb_node | null
  if (node.rb_left !== null && node.rb_right !== null) {
    const heir = leftmost(node.rb_right)
    removedRed = heir.$red
    child = heir.rb_right
    up = heir.$up === node ? heir : heir.$up
    if (heir.$up !== node) {
      replaceChild(root, heir, child, heir.$up)
      if (child) child.$up = heir.$up
      heir.rb_right = node.rb_right
      heir.rb_right.$up = heir
    }
    heir.rb_left = node.rb_left
    heir.rb_left.$up = heir
    heir.$red = node.$red
    heir.$up = node.$up
    replaceChild(root, node, heir, node.$up)
  } else {
    child = node.rb_left ?? node.rb_right
    up = node.$up
    replaceChild(root, node, child, up)
    if (child) child.$up = up
  }
  if (!removedRed) balanceAfterErase(root, child, up)
}

/** The way through `child` lacks a black node. */
function balanceAfterErase(root: rb_root, child: rb_node | null, parent: rb_node | null): void {
  let node = child
  let up = parent
  while (up !== null && !isRed(node)) {
    const side: Side = up.rb_left === node ? 'rb_left' : 'rb_right'
    let sibling = up[other(side)]!
    if (sibling.$red) {
      sibling.$red = false
      up.$red = true
      rotate(root, up, side)
      sibling = up[other(side)]!
    }
    if (!isRed(sibling.rb_left) && !isRed(sibling.rb_right)) {
      sibling.$red = true
      node = up
      up = node.$up
      continue
    }
    if (!isRed(sibling[other(side)])) {
      sibling[side]!.$red = false
      sibling.$red = true
      rotate(root, sibling, other(side))
      sibling = up[other(side)]!
    }
    sibling.$red = up.$red
    up.$red = false
    sibling[other(side)]!.$red = false
    rotate(root, up, side)
    return
  }
  if (node) node.$red = false
}

function leftmost(from: rb_node): rb_node {
  let node = from
  while (node.rb_left) node = node.rb_left
  return node
}
function rightmost(from: rb_node): rb_node {
  let node = from
  while (node.rb_right) node = node.rb_right
  return node
}

export const first = (root: rb_root): rb_node | null => root.rb_node && leftmost(root.rb_node)
export const last = (root: rb_root): rb_node | null => root.rb_node && rightmost(root.rb_node)

/** The neighbour of a node in the order of the tree; null at the end, or outside of any tree. */
export function neighbour(node: rb_node, side: Side): rb_node | null {
  if (node.$up === node) return null
  const child = node[side]
  if (child) return side === 'rb_right' ? leftmost(child) : rightmost(child)
  let at: rb_node = node
  let up = node.$up
  while (up !== null && up[side] === at) {
    at = up
    up = up.$up
  }
  return up
}

/** Puts `by` where `old` is: their order must be the same. */
export function replaceNode(old: rb_node, by: rb_node, root: rb_root): void {
  by.rb_left = old.rb_left
  by.rb_right = old.rb_right
  by.$up = old.$up
  by.$red = old.$red
  if (by.rb_left) by.rb_left.$up = by
  if (by.rb_right) by.rb_right.$up = by
  replaceChild(root, old, by, old.$up)
}

/** Children before their parents, so that each node can be freed when it has been seen. */
export function postorder(root: rb_root): rb_node[] {
  const all: rb_node[] = []
  const walk = (node: rb_node | null): void => {
    if (!node) return
    walk(node.rb_left)
    walk(node.rb_right)
    all.push(node)
  }
  walk(root.rb_node)
  return all
}
