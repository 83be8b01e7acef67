import { quiet } from '../kernel/api'
import { machine } from '../engine/current'
import { TaskDeath } from '../engine/exec'
import { vsprintf } from '../kernel/printk/format'
import { kernelLog } from '../kernel/printk/log'

/** Brought along, as by the C header. */
export * from './align'
export * from './bitops'
export * from './bits'
export * from './bug'
export * from './compiler'
export * from './container_of'
export * from './kstrtox'
export * from './limits'
export * from './log2'
export * from './math'
export * from './minmax'
export * from './printk'
export * from './sprintf'
export * from './types'

/** Small helpers found everywhere: `linux/kernel`. */

export const ARRAY_SIZE = quiet(function ARRAY_SIZE(array: ArrayLike<unknown>): number {
  return array.length
})
export const lower_32_bits = quiet(function lower_32_bits(x: number): number {
  return x % 0x100000000
})
export const upper_32_bits = quiet(function upper_32_bits(x: number): number {
  return Math.floor(x / 0x100000000)
})
export const PAGE_SIZE = 4096
export const PAGE_SHIFT = 12
export const upper_16_bits = quiet((x: number): number => (x >>> 16) & 0xffff)
export const lower_16_bits = quiet((x: number): number => x & 0xffff)

/** Stops the machine with a message. */
export function panic(format: string, ...args: unknown[]): never {
  const m = machine()
  const text = vsprintf(m, format, args)
  kernelLog(m).print(0, `Kernel panic - not syncing: ${text}\n`)
  m.panic(text)
  throw new TaskDeath('panic')
}

export { might_sleep, might_sleep_if } from './sched'
