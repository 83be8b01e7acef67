import type { device_node } from './node'

/** One line of a driver's table: which nodes it is for, and what it wants to know about them. */
export interface of_device_id {
  compatible?: string
  name?: string
  data?: unknown
}

/** The texts of a property. */
export function textsOf(node: device_node | null, name: string): readonly string[] {
  const value = node?.$properties.get(name)
  if (typeof value === 'string') return [value]
  return Array.isArray(value) && typeof value[0] === 'string' ? (value as string[]) : []
}

/** The best line for a node: the first name that the node gives counts most. */
export function matchNode(
  table: readonly of_device_id[] | null, node: device_node | null,
): of_device_id | null {
  if (!table || !node) return null
  for (const compatible of textsOf(node, 'compatible')) {
    const found = table.find((id) => id.compatible === compatible)
    if (found) return found
  }
  return table.find((id) => !id.compatible && id.name === node.name) ?? null
}
