import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import { driverString } from '../base/core'
import { device as Device } from '../base/device'
import { kernelLog } from '../printk/log'
import { initRatelimit, mayPass, ratelimit_state } from '../printk/ratelimit'
import { warn } from '../printk/warn'
import type { DmaDevice } from './dma-device'

/** Messages that come once in the life of a machine, or not too often. */
const told = service(() => ({
  once: new Set<string>(),
  limits: new Map<string, ratelimit_state>(),
}))

/** `driver device`, as messages about a device begin. */
export function deviceWords(dev: DmaDevice): string {
  return dev instanceof Device ? `${driverString(dev)} ${dev.$label}` : '(NULL device *)'
}

/** `WARN_ON_ONCE`; `source` tells the places apart. */
export function warnOnce(
  what: string, source: string, text: string | null, rules: string[],
): void {
  const m = machine()
  const key = `${what} ${source}`
  if (told(m).once.has(key)) return
  told(m).once.add(key)
  warn(m, `dma-${what}`, source, text, { rules })
}

/** `dev_WARN_ONCE`. */
export function deviceWarnOnce(
  dev: DmaDevice, what: string, source: string, text: string, rules: string[],
): void {
  warnOnce(what, source, `${deviceWords(dev)}: ${text}`, rules)
}

const INTERVAL_S = 5
const BURST = 10

/** `dev_warn_ratelimited`; `where` is the function, for the line about suppressed ones. */
export function deviceWarnRatelimited(dev: DmaDevice, where: string, text: string): void {
  const m = machine()
  const key = `${where} ${text.slice(0, 24)}`
  let limit = told(m).limits.get(key)
  if (!limit) {
    limit = initRatelimit(new ratelimit_state(), INTERVAL_S * m.hz, BURST)
    told(m).limits.set(key, limit)
  }
  if (mayPass(limit, where)) kernelLog(m).print(4, `${deviceWords(dev)}: ${text}\n`)
}

/** `pr_warn_once`. */
export function sayOnce(text: string): void {
  const m = machine()
  if (told(m).once.has(text)) return
  told(m).once.add(text)
  kernelLog(m).print(4, `${text}\n`)
}

/** `%llx` of a mask, of which Infinity is all ones. */
export const maskText = (mask: number): string =>
  mask === Infinity ? 'ffffffffffffffff' : mask.toString(16)

/** `%pad`. */
export const addressText = (address: number): string =>
  address < 0 ? '0xffffffffffffffff' : `0x${address.toString(16).padStart(16, '0')}`
