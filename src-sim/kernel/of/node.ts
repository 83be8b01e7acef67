import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import type { PropertyValue } from '../base/property'
import { report } from '../report'

/**
 * One node of the device tree: what firmware says about a device that cannot be found by probing.
 * Nodes are never freed; their count only tells whether gets and puts are balanced.
 */
export class device_node extends KernelObject {
  name: string
  full_name: string
  parent: device_node | null = null
  /** @internal Children, in the order of the description. */
  readonly $children: device_node[] = []
  /** @internal `&name` in a text stands for another node. */
  readonly $properties: ReadonlyMap<string, PropertyValue>
  /** @internal */
  $refs = 1

  constructor(path: string, properties: Readonly<Record<string, PropertyValue>>) {
    super()
    const last = path.slice(path.lastIndexOf('/') + 1)
    this.name = last.split('@')[0]!
    this.full_name = last
    this.$properties = new Map(Object.entries(properties))
  }
}

/** All nodes of a machine, by path (`soc/fman@400000`). */
class DeviceTree {
  readonly nodes = new Map<string, device_node>()

  /** Adds a node; its parent must have been added before. */
  add(path: string, properties: Readonly<Record<string, PropertyValue>>): device_node {
    const node = new device_node(path, properties)
    const above = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : ''
    node.parent = this.nodes.get(above) ?? null
    node.parent?.$children.push(node)
    this.nodes.set(path, node)
    return node
  }

  /** The node with this name, or with this path. */
  find(name: string): device_node | null {
    const exact = this.nodes.get(name)
    if (exact) return exact
    for (const node of this.nodes.values())
      if (node.name === name || node.full_name === name) return node
    return null
  }
}

export const deviceTree = service(() => new DeviceTree())

export function getNode<T extends device_node | null>(node: T): T {
  if (node !== null) node.$refs++
  return node
}

/** A put too many is told: the node itself stays, as those of the boot description do. */
export function putNode(node: device_node | null): void {
  if (node === null || --node.$refs > 0) return
  node.$refs = 1
  report(machine(), {
    kind: 'refcount.of-node',
    title: `OF: ERROR: of_node_release() detected bad of_node_put() on ${pathOf(node)}`,
    objects: [node],
    help: 'refcounts',
  })
}

export function pathOf(node: device_node): string {
  return `${node.parent === null ? '' : pathOf(node.parent)}/${node.full_name}`
}

/** The node that the `index`th entry of a property points to, with a reference. */
export function parsePhandle(node: device_node, name: string, index: number): device_node | null {
  const value = node.$properties.get(name)
  const list = Array.isArray(value) ? (value as readonly unknown[]) : [value]
  const entry = list[index]
  if (typeof entry !== 'string' || !entry.startsWith('&')) return null
  return getNode(deviceTree(machine()).find(entry.slice(1)))
}
