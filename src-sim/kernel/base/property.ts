import type { device } from './device'

/** One firmware property: numbers or texts, by name. */
export type PropertyValue = number | string | boolean | readonly number[] | readonly string[]

/** What firmware says about a device. */
export class PropertySet {
  readonly values: ReadonlyMap<string, PropertyValue>

  constructor(values: Readonly<Record<string, PropertyValue>>) {
    this.values = new Map(Object.entries(values))
  }
}

const EINVAL = 22
const ENODATA = 61
const EOVERFLOW = 75
const EPROTO = 71

function valueOf(dev: device, name: string): PropertyValue | undefined {
  return dev.$properties?.values.get(name) ?? dev.of_node?.$properties.get(name)
}

export const hasProperty = (dev: device, name: string): boolean => valueOf(dev, name) !== undefined

/** Numbers of a property into `out`; the count with no `out`. 0, a count, or -errno. */
export function readNumbers(dev: device, name: string, out: number[] | null, n: number): number {
  const value = valueOf(dev, name)
  if (value === undefined) return -EINVAL
  const numbers = typeof value === 'number' ? [value] : value
  if (!Array.isArray(numbers) || typeof numbers[0] === 'string')
    return typeof value === 'boolean' ? -ENODATA : -EPROTO
  if (!out) return numbers.length
  if (numbers.length < n) return -EOVERFLOW
  for (let i = 0; i < n; i++) out[i] = numbers[i] as number
  return 0
}

export function readTexts(dev: device, name: string, out: string[] | null, n: number): number {
  const value = valueOf(dev, name)
  if (value === undefined) return -EINVAL
  const texts = typeof value === 'string' ? [value] : value
  if (!Array.isArray(texts) || typeof texts[0] !== 'string')
    return typeof value === 'boolean' ? -ENODATA : -EPROTO
  if (!out) return texts.length
  const count = Math.min(n, texts.length)
  for (let i = 0; i < count; i++) out[i] = texts[i] as string
  return count
}
