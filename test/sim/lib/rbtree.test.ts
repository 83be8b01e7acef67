import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  erase, first, insertColor, last, linkNode, neighbour, postorder, rb_node, rb_root, replaceNode,
} from '../../../src-sim/kernel/lib/rbtree'

class Keyed extends rb_node {
  key = 0
}

function insert(root: rb_root, key: number): Keyed {
  const node = new Keyed()
  node.key = key
  let up: Keyed | null = null
  let at = root.rb_node as Keyed | null
  let side: 'rb_left' | 'rb_right' = 'rb_left'
  while (at) {
    up = at
    side = key < at.key ? 'rb_left' : 'rb_right'
    at = at[side] as Keyed | null
  }
  linkNode(node, up, {
    get value() {
      return null
    },
    set value(n) {
      if (up) up[side] = n
      else root.rb_node = n
    },
  })
  insertColor(root, node)
  return node
}

function keys(root: rb_root): number[] {
  const found: number[] = []
  for (let n = first(root); n; n = neighbour(n, 'rb_right')) found.push((n as Keyed).key)
  return found
}

/** Black nodes on each way down; throws where the tree is not a red-black tree. */
function blackHeight(node: rb_node | null, up: rb_node | null): number {
  if (!node) return 1
  expect(node.$up).toBe(up)
  if (node.$red) expect([node.rb_left?.$red ?? false, node.rb_right?.$red ?? false]).toEqual([false, false])
  const left = blackHeight(node.rb_left, node)
  expect(blackHeight(node.rb_right, node)).toBe(left)
  return left + (node.$red ? 0 : 1)
}

describe('red-black trees', () => {
  it('stay sorted and balanced whatever is inserted and erased', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(30)), { maxLength: 80 }), (steps) => {
        const root = new rb_root()
        const nodes: Keyed[] = []
        for (const [add, n] of steps) {
          if (add || nodes.length === 0) nodes.push(insert(root, n))
          else erase(root, nodes.splice(n % nodes.length, 1)[0]!)
          blackHeight(root.rb_node, null)
          expect(root.rb_node?.$red ?? false).toBe(false)
          expect(keys(root)).toEqual(nodes.map((node) => node.key).sort((a, b) => a - b))
        }
        expect(postorder(root).length).toBe(nodes.length)
      }),
    )
  })

  it('are walked from both ends, and let a node take the place of another', () => {
    const root = new rb_root()
    const nodes = [5, 1, 9, 7, 3].map((key) => insert(root, key))
    expect((last(root) as Keyed).key).toBe(9)
    expect((neighbour(nodes[0]!, 'rb_left') as Keyed).key).toBe(3)
    const by = new Keyed()
    by.key = 6
    replaceNode(nodes[0]!, by, root)
    expect(keys(root)).toEqual([1, 3, 6, 7, 9])
    expect(neighbour(new Keyed(), 'rb_right')).toBeNull()
  })
})
