import { machine } from '../engine/current'
import { quiet } from '../kernel/api'
import type { device } from '../kernel/base/device'
import type { PropertyValue } from '../kernel/base/property'
import * as n from '../kernel/of/node'
import type { device_node as Node } from '../kernel/of/node'
import { EINVAL, ENODATA, EOVERFLOW } from './errno'
import type { ptr } from './types'

/**
 * The device tree: `linux/of`. Functions that answer a node answer it with a reference, which
 * `of_node_put` gives back.
 */

export { device_node } from '../kernel/of/node'
export * from './of/match'

/** One more reference; null stays null. */
export function of_node_get<T extends Node | null>(node: T): T {
  return n.getNode(node)
}
/** Gives a reference back. One too many is reported. */
export function of_node_put(node: Node | null): void {
  n.putNode(node)
}
/** The node above, with a reference. */
export function of_get_parent(node: Node | null): Node | null {
  return n.getNode(node?.parent ?? null)
}
/** The child behind `prev` (the first for null); gives the reference on `prev` back. */
export function of_get_next_child(node: Node, prev: Node | null): Node | null {
  const next = node.$children[prev === null ? 0 : node.$children.indexOf(prev) + 1] ?? null
  n.getNode(next)
  n.putNode(prev)
  return next
}
export const of_get_next_available_child = of_get_next_child
export function of_get_child_by_name(node: Node, name: string): Node | null {
  return n.getNode(node.$children.find((child) => child.name === name) ?? null)
}
export const of_get_child_count = quiet(function of_get_child_count(node: Node): number {
  return node.$children.length
})

/** No generator: what lab code is handed one of is a call that suspends. */
class Children implements Iterable<Node>, Iterator<Node> {
  readonly #parent: Node
  #at: Node | null = null

  constructor(parent: Node) {
    this.#parent = parent
  }

  [Symbol.iterator](): Iterator<Node> {
    return this
  }

  next(): IteratorResult<Node> {
    this.#at = of_get_next_child(this.#parent, this.#at)
    return this.#at === null ? { done: true, value: undefined } : { done: false, value: this.#at }
  }
}

/** All children in turn. Who leaves the loop early keeps a reference: `of_node_put` it. */
export const for_each_child_of_node = quiet(function for_each_child_of_node(
  node: Node,
): Iterable<Node> {
  return new Children(node)
})
export const for_each_available_child_of_node = for_each_child_of_node
/** The node with this name behind `from` (whose reference is given back), or from the start. */
export function of_find_node_by_name(from: Node | null, name: string): Node | null {
  const all = [...n.deviceTree(machine()).nodes.values()]
  const rest = from === null ? all : all.slice(all.indexOf(from) + 1)
  const found = n.getNode(rest.find((node) => node.name === name) ?? null)
  n.putNode(from)
  return found
}
/** The node at `/soc/fman@400000`. */
export function of_find_node_by_path(path: string): Node | null {
  return n.getNode(n.deviceTree(machine()).nodes.get(path.replace(/^\//, '')) ?? null)
}
/** The node that entry `index` of the property points to; null when there is none. */
export function of_parse_phandle(node: Node, name: string, index: number): Node | null {
  return n.parsePhandle(node, name, index)
}
/** How many nodes the property points to, or -ENOENT. */
export function of_count_phandle_with_args(
  node: Node,
  name: string,
  _cells: string | null = null,
): number {
  const value = node.$properties.get(name)
  if (value === undefined) return -2
  return Array.isArray(value) ? value.length : 1
}
/** The node of a device, without a reference. */
export const dev_of_node = quiet(function dev_of_node(dev: device): Node | null {
  return dev.of_node
})

const valueOf = (node: Node | null, name: string): PropertyValue | undefined =>
  node?.$properties.get(name)

export function of_property_present(node: Node | null, name: string): boolean {
  return valueOf(node, name) !== undefined
}
export const of_property_read_bool = of_property_present

function numbersOf(node: Node, name: string): readonly number[] | number {
  const value = valueOf(node, name)
  if (value === undefined) return -EINVAL
  if (typeof value === 'number') return [value]
  if (Array.isArray(value) && typeof value[0] === 'number') return value as readonly number[]
  return -ENODATA
}
/** 0; -EINVAL: there is none, -ENODATA: it has no number, -EOVERFLOW: not enough of them. */
export function of_property_read_u32_index(
  node: Node,
  name: string,
  index: number,
  out: ptr<number>,
): number {
  const numbers = numbersOf(node, name)
  if (typeof numbers === 'number') return numbers
  if (index >= numbers.length) return -EOVERFLOW
  out.value = numbers[index]!
  return 0
}
export function of_property_read_u32(node: Node, name: string, out: ptr<number>): number {
  return of_property_read_u32_index(node, name, 0, out)
}
export function of_property_count_u32_elems(node: Node, name: string): number {
  const numbers = numbersOf(node, name)
  return typeof numbers === 'number' ? numbers : numbers.length
}
/** 0 and the text; -EINVAL: there is none, -ENODATA: it is no text. */
export function of_property_read_string(node: Node, name: string, out: ptr<string>): number {
  const value = valueOf(node, name)
  const text: unknown = Array.isArray(value) ? value[0] : value
  if (text === undefined) return -EINVAL
  if (typeof text !== 'string') return -ENODATA
  out.value = text
  return 0
}
