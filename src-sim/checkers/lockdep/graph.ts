import { DEP_EN, DEP_SN, DEP_SR, type Edge, type LockClass } from './classes'
import { WRITE_BITS } from './usage'

/** A class on a path of the search, with how it was reached. */
export interface Node {
  at: LockClass
  edge: Edge | null
  parent: Node | null
  /** All kinds by which it is reached end in a recursive reader. */
  onlyRecursive: boolean
}

export const root = (at: LockClass, onlyRecursive: boolean): Node => ({
  at,
  edge: null,
  parent: null,
  onlyRecursive,
})

/**
 * Breadth-first search along strong paths: no hop that ends in a recursive reader is followed by
 * one that starts with a shared holder. As in the kernel, a class counts as visited when it is
 * first reached, even when that path turns out to be weak.
 */
export function search(
  start: Node,
  forward: boolean,
  match: (node: Node) => boolean,
  skip: ((node: Node) => boolean) | null,
): Node | null {
  const seen = new Set<LockClass>()
  const queue: Node[] = [start]
  for (let i = 0; i < queue.length; i++) {
    const node = queue[i]!
    if (seen.has(node.at)) continue
    seen.add(node.at)
    if (node.parent !== null) {
      let { dep } = node.edge!
      if (node.parent.onlyRecursive) dep &= ~(DEP_SR | DEP_SN)
      if (dep === 0) continue
      node.onlyRecursive = (dep & (DEP_SN | DEP_EN)) === 0
    }
    if (skip?.(node)) continue
    if (match(node)) return node
    for (const edge of forward ? node.at.after : node.at.before)
      queue.push({ at: edge.to, edge, parent: node, onlyRecursive: false })
  }
  return null
}

/** The usages that count at this end of a path. */
export const usageAt = (node: Node): number =>
  node.onlyRecursive ? node.at.usage & WRITE_BITS : node.at.usage

/** Per-CPU locks and wait overrides carry no dependency between interrupts and tasks. */
export const notALock = (node: Node): boolean => node.at.kind !== 'normal'

/** The path from the root to a node. */
export function path(node: Node): Node[] {
  const nodes: Node[] = []
  for (let n: Node | null = node; n !== null; n = n.parent) nodes.unshift(n)
  return nodes
}
