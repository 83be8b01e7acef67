import { quiet } from '../../kernel/api'
import type { device } from '../../kernel/base/device'
import { readNumbers, readTexts, type PropertyValue } from '../../kernel/base/property'
import { matchNode, textsOf, type of_device_id } from '../../kernel/of/match'
import { getNode, putNode, type device_node } from '../../kernel/of/node'
import { EINVAL, ENODATA } from '../errno'
import { for_each_child_of_node } from '../of'
import type { ptr } from '../types'

/** Entries, lists and child nodes. Part of `linux/property`. */

/** One property of a table: `[PROPERTY_ENTRY_U32('depth', 16), PROPERTY_ENTRY_BOOL('fast')]`. */
export interface property_entry {
  name: string
  value: PropertyValue
}
const entry = quiet((name: string, value: PropertyValue): property_entry => ({ name, value }))
export const PROPERTY_ENTRY_U8: (name: string, value: number) => property_entry = entry
export const PROPERTY_ENTRY_U16 = PROPERTY_ENTRY_U8
export const PROPERTY_ENTRY_U32 = PROPERTY_ENTRY_U8
export const PROPERTY_ENTRY_U64 = PROPERTY_ENTRY_U8
export const PROPERTY_ENTRY_STRING: (name: string, value: string) => property_entry = entry
export const PROPERTY_ENTRY_U32_ARRAY: (
  name: string, value: readonly number[],
) => property_entry = entry
export const PROPERTY_ENTRY_U8_ARRAY = PROPERTY_ENTRY_U32_ARRAY
export const PROPERTY_ENTRY_U16_ARRAY = PROPERTY_ENTRY_U32_ARRAY
export const PROPERTY_ENTRY_U64_ARRAY = PROPERTY_ENTRY_U32_ARRAY
export const PROPERTY_ENTRY_STRING_ARRAY: (
  name: string, value: readonly string[],
) => property_entry = entry
export const PROPERTY_ENTRY_BOOL = quiet((name: string): property_entry => entry(name, true))

export function device_property_count_u8(dev: device, propname: string): number {
  return readNumbers(dev, propname, null, 0)
}
export const device_property_count_u16 = device_property_count_u8
export const device_property_count_u64 = device_property_count_u8
export function device_property_string_array_count(dev: device, propname: string): number {
  return readTexts(dev, propname, null, 0)
}
/** The place of a text in a property, or -errno. */
export function device_property_match_string(
  dev: device, propname: string, text: string,
): number {
  const count = readTexts(dev, propname, null, 0)
  if (count < 0) return count
  const texts: string[] = []
  readTexts(dev, propname, texts, count)
  const at = texts.indexOf(text)
  return at < 0 ? -ENODATA : at
}
/** The place in `array` of the text that the property is, or -errno. */
export function device_property_match_property_string(
  dev: device, propname: string, array: readonly string[], n: number,
): number {
  const texts: string[] = []
  const ret = readTexts(dev, propname, texts, 1)
  if (ret < 0) return ret
  const at = array.slice(0, n).indexOf(texts[0]!)
  return at < 0 ? -EINVAL : at
}
/** What the driver's table says about this device, or null. */
export const device_get_match_data = quiet(function device_get_match_data<T = unknown>(
  dev: device,
): T | null {
  const table = (dev.driver?.of_match_table ?? null) as readonly of_device_id[] | null
  return (matchNode(table, dev.of_node)?.data ?? null) as T | null
})
export const device_is_compatible = quiet((dev: device, compat: string): boolean =>
  textsOf(dev.of_node, 'compatible').includes(compat),
)

// Nodes

/** A node of firmware; here always one of the device tree. */
export type fwnode_handle = device_node
export const dev_fwnode = quiet((dev: device): device_node | null => dev.of_node)
export function fwnode_handle_get(node: device_node | null): device_node | null {
  return getNode(node)
}
export function fwnode_handle_put(node: device_node | null): void {
  putNode(node)
}
export const fwnode_get_name = quiet((node: device_node): string => node.full_name)
export const fwnode_property_present = quiet((node: device_node | null, name: string): boolean =>
  Boolean(node?.$properties.has(name)),
)
export const fwnode_property_read_bool = fwnode_property_present
/** 0 and the number, or -errno. */
export function fwnode_property_read_u32(
  node: device_node, name: string, out: ptr<number>,
): number {
  const value = node.$properties.get(name)
  if (value === undefined) return -EINVAL
  const number: unknown = Array.isArray(value) ? value[0] : value
  if (typeof number !== 'number') return -ENODATA
  out.value = number
  return 0
}
/** 0 and the text, or -errno. */
export function fwnode_property_read_string(
  node: device_node, name: string, out: ptr<string>,
): number {
  if (!node.$properties.has(name)) return -EINVAL
  const [text] = textsOf(node, name)
  if (text === undefined) return -ENODATA
  out.value = text
  return 0
}
export const device_get_child_node_count = quiet((dev: device): number =>
  dev.of_node ? dev.of_node.$children.length : 0,
)
/** The child after `prev`, with a reference; the reference to `prev` is dropped. */
export function device_get_next_child_node(
  dev: device, prev: device_node | null,
): device_node | null {
  const children = dev.of_node?.$children ?? []
  const next = children[prev === null ? 0 : children.indexOf(prev) + 1] ?? null
  putNode(prev)
  return getNode(next)
}
export function device_get_named_child_node(dev: device, name: string): device_node | null {
  return getNode(dev.of_node?.$children.find((child) => child.name === name) ?? null)
}
/** All children in turn. Who leaves the loop early keeps a reference: `fwnode_handle_put` it. */
export const device_for_each_child_node = quiet((dev: device): Iterable<device_node> =>
  dev.of_node ? for_each_child_of_node(dev.of_node) : [],
)
