import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import { driverString } from '../../kernel/base/core'
import { device } from '../../kernel/base/device'
import { DIRECTIONS } from '../../kernel/dma/direction'
import type { DmaDevice } from '../../kernel/dma/dma-device'
import { warn } from '../../kernel/printk/warn'
import { traceLines } from '../../kernel/report'
import { CacheLines, DmaRecords, type DmaRecord } from './records'

/** What CONFIG_DMA_API_DEBUG knows, and what it is allowed to say: the files in debugfs. */
export class DmaDebug {
  readonly records = new DmaRecords()
  readonly lines = new CacheLines()
  disabled = false
  errorCount = 0
  /** Every mistake speaks; a kernel that was just booted says only the first one. */
  allErrors = true
  numErrors = 1
  /** The name of the only driver to speak about; '' = all. */
  driverFilter = ''
  saidOverlap = false
}

export const dmaDebug = service(() => new DmaDebug())

const hex16 = (n: number): string =>
  n < 0 ? '0xffffffffffffffff' : `0x${n.toString(16).padStart(16, '0')}`

/** `%pa`, and addresses in brackets. */
export const address = hex16
export const at = (dma: number): string => `[device address=${hex16(dma)}]`
export const place = (dma: number, size: number): string => `${at(dma)} [size=${size} bytes]`
export const directionName = (n: number): string => `DMA_${DIRECTIONS[n] ?? 'NONE'}`

function prefix(dev: DmaDevice): string {
  return dev instanceof device ? `${driverString(dev)} ${dev.$label}` : 'NULL NULL'
}

function passes(state: DmaDebug, dev: DmaDevice): boolean {
  if (state.driverFilter === '') return true
  return dev instanceof device && dev.driver?.name === state.driverFilter
}

export interface Complaint {
  /** The end of the finding's kind. */
  what: string
  text: string
  rule: string
  record?: DmaRecord | null
  /** The function of kernel/dma/debug.c that says it, and the line as far as it is known. */
  inside: string
  line?: number
}

/** DMA-45: counted always, said as the settings allow. */
export function complain(machine: Machine, dev: DmaDevice, c: Complaint): void {
  const state = dmaDebug(machine)
  state.errorCount++
  const record = c.record ?? null
  if (passes(state, dev) && (state.allErrors || state.numErrors > 0)) {
    const source = `kernel/dma/debug.c${c.line === undefined ? '' : `:${c.line}`} at ${c.inside}`
    warn(machine, '', source, `DMA-API: ${prefix(dev)}: ${c.text}`, {
      kind: `dma-debug.${c.what}`,
      tail: record ? ['DMA-API: Mapped at:', ...traceLines(machine, record.stack)] : [],
      stacks: record ? [{ role: 'allocated', stack: record.stack }] : [],
      objects: [dev],
      rules: [c.rule],
      help: 'dma-lifetime',
      once: false,
    })
  }
  if (!state.allErrors && state.numErrors > 0) state.numErrors--
}
