import { machine } from '../../engine/current'
import { quiet } from '../../kernel/api'
import type { device } from '../../kernel/base/device'
import { matchNode, textsOf, type of_device_id } from '../../kernel/of/match'
import { deviceTree, getNode, type device_node } from '../../kernel/of/node'
import { EINVAL } from '../errno'

/** Which driver a node is for. Part of `linux/of`. */
export type { of_device_id } from '../../kernel/of/match'

/** The line of a table that fits a node best, or null. */
export const of_match_node = quiet(
  (matches: readonly of_device_id[] | null, node: device_node | null) => matchNode(matches, node),
)
export const of_match_device = quiet(
  (matches: readonly of_device_id[] | null, dev: device) => matchNode(matches, dev.of_node),
)
/** What the driver's table says about this device, or null. */
export const of_device_get_match_data = quiet(function of_device_get_match_data<T = unknown>(
  dev: device,
): T | null {
  const table = (dev.driver?.of_match_table ?? null) as readonly of_device_id[] | null
  return (matchNode(table, dev.of_node)?.data ?? null) as T | null
})
/** The table itself: device trees are built in. */
export const of_match_ptr = quiet(<T>(table: T): T => table)

/** How well the node fits: 0 when it does not. */
export const of_device_is_compatible = quiet(
  (node: device_node | null, compat: string): number => {
    const names = textsOf(node, 'compatible')
    const at = names.indexOf(compat)
    return at < 0 ? 0 : 0x7fffffff - 2 * at
  },
)
/** Not switched off by `status`. */
export const of_device_is_available = quiet((node: device_node | null): boolean => {
  if (node === null) return false
  const [status] = textsOf(node, 'status')
  return status === undefined || status === 'okay' || status === 'ok'
})
/** The next node after `from` that fits, with a reference; null at the end. */
export function of_find_compatible_node(
  from: device_node | null, _type: string | null, compatible: string,
): device_node | null {
  let passed = from === null
  for (const node of deviceTree(machine()).nodes.values()) {
    if (passed && of_device_is_compatible(node, compatible)) return getNode(node)
    if (node === from) passed = true
  }
  return null
}
/** How many texts a property has, or -EINVAL. */
export function of_property_count_strings(node: device_node, propname: string): number {
  return node.$properties.has(propname) ? textsOf(node, propname).length : -EINVAL
}
/** The place of a text in a property, or -ENODATA. */
export function of_property_match_string(
  node: device_node, propname: string, text: string,
): number {
  if (!node.$properties.has(propname)) return -EINVAL
  const at = textsOf(node, propname).indexOf(text)
  return at < 0 ? -61 : at
}
/** Reads `sz` numbers. 0, or -errno. */
export function of_property_read_u32_array(
  node: device_node, propname: string, out_values: number[], sz: number,
): number {
  const value = node.$properties.get(propname)
  if (value === undefined) return -EINVAL
  const numbers: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (typeof numbers[0] !== 'number') return -61
  if (numbers.length < sz) return -75
  for (let i = 0; i < sz; i++) out_values[i] = numbers[i] as number
  return 0
}
