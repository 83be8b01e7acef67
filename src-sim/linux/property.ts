import type { device } from '../kernel/base/device'
import {
  hasProperty,
  PropertySet,
  readNumbers,
  readTexts,
  type PropertyValue,
} from '../kernel/base/property'
import type { property_entry } from './property/more'
import type { ptr } from './types'

/** Brought along, as by the C header. */
export * from './types'
export * from './property/more'

/** What firmware says about a device: `linux/property`. */

/** Gives a device properties before it is added: `{ 'fifo-depth': 16, label: 'a' }`. 0. */
export function device_create_managed_software_node(
  dev: device,
  properties: Readonly<Record<string, PropertyValue>> | readonly property_entry[],
  _parent: unknown,
): number {
  const named = Array.isArray(properties)
    ? Object.fromEntries((properties as property_entry[]).map((p) => [p.name, p.value]))
    : (properties as Readonly<Record<string, PropertyValue>>)
  dev.$properties = new PropertySet(named)
  return 0
}
export function device_property_present(dev: device, propname: string): boolean {
  return hasProperty(dev, propname)
}
/** A property that is there or not. */
export function device_property_read_bool(dev: device, propname: string): boolean {
  return hasProperty(dev, propname)
}
/** Reads a number into `*val`. 0 or -errno. */
export function device_property_read_u32(dev: device, propname: string, val: ptr<number>): number {
  const out: number[] = []
  const ret = readNumbers(dev, propname, out, 1)
  if (ret === 0) val.value = out[0]!
  return ret
}
export const device_property_read_u8 = device_property_read_u32
export const device_property_read_u16 = device_property_read_u32
export const device_property_read_u64 = device_property_read_u32
/** Reads `nval` numbers; how many there are when `val` is null. 0, a count, or -errno. */
export function device_property_read_u32_array(
  dev: device,
  propname: string,
  val: number[] | null,
  nval: number,
): number {
  return readNumbers(dev, propname, val, nval)
}
export const device_property_read_u8_array = device_property_read_u32_array
export const device_property_read_u16_array = device_property_read_u32_array
export const device_property_read_u64_array = device_property_read_u32_array
export function device_property_count_u32(dev: device, propname: string): number {
  return readNumbers(dev, propname, null, 0)
}
/** Reads a text into `*val`. 0 or -errno. */
export function device_property_read_string(
  dev: device,
  propname: string,
  val: ptr<string>,
): number {
  const out: string[] = []
  const ret = readTexts(dev, propname, out, 1)
  if (ret < 0) return ret
  val.value = out[0]!
  return 0
}
export function device_property_read_string_array(
  dev: device,
  propname: string,
  val: string[] | null,
  nval: number,
): number {
  return readTexts(dev, propname, val, nval)
}
