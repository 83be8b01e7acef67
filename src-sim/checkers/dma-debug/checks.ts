import type { Machine } from '../../engine/machine'
import { ATTR } from '../../kernel/dma/attrs'
import {
  DMA_BIDIRECTIONAL, DMA_FROM_DEVICE, DMA_TO_DEVICE,
} from '../../kernel/dma/direction'
import { DMA_MAPPING_ERROR } from '../../kernel/dma/dma-device'
import type { MappingUse } from '../../kernel/dma/mappings'
import { address, at, complain, directionName, dmaDebug, place } from './state'
import type { DmaRecord } from './records'

const WRONG = 'device driver frees DMA memory with'
/** Attributes that must be the same at both ends (D23). */
const LASTING =
  ATTR.NO_KERNEL_MAPPING | ATTR.FORCE_CONTIGUOUS | ATTR.MMIO | ATTR.REQUIRE_COHERENT |
  ATTR.PRIVILEGED | ATTR.CC_SHARED

/** One unmapping: each difference speaks for itself, in this order; the record is gone then. */
export function checkUnmap(machine: Machine, ref: MappingUse): void {
  const { records, lines } = dmaDebug(machine)
  const record = records.exact(ref)
  if (!record) {
    unknown(machine, ref)
    return
  }
  compare(machine, ref, record)
  records.remove(record)
  lines.remove(record)
}

function unknown(machine: Machine, { device, dma, size }: MappingUse): void {
  dmaDebug(machine).records.check(device, dma)
  const tries = 'device driver tries to free'
  const inside = 'check_unmap'
  if (dma === DMA_MAPPING_ERROR) {
    const text = `${tries} an invalid DMA memory address`
    complain(machine, device, { what: 'free-invalid', text, rule: 'DMA-16', inside })
  } else {
    const text = `${tries} DMA memory it has not allocated ${place(dma, size)}`
    complain(machine, device, { what: 'free-unknown', text, rule: 'DMA-46', inside, line: 1004 })
  }
}

function compare(machine: Machine, ref: MappingUse, m: DmaRecord): void {
  const say = (what: string, line: number | undefined, text: string): void =>
    complain(machine, ref.device, { what, text, rule: 'DMA-46', record: m, inside: 'check_unmap', ...(line === undefined ? {} : { line }) })
  const here = place(ref.dma, ref.size)
  if (ref.size !== m.size)
    say('size-mismatch', 1014, `${WRONG} different size ${at(ref.dma)} [map size=${m.size} bytes] [unmap size=${ref.size} bytes]`)
  if (ref.type !== m.type)
    say('type-mismatch', 1022, `${WRONG} wrong function ${here} [mapped as ${m.type}] [unmapped as ${ref.type}]`)
  else if ((m.type === 'coherent' || m.type === 'noncoherent') && ref.phys >= 0 && ref.phys !== m.phys)
    say('cpu-address-mismatch', undefined, `${WRONG} different CPU address ${here} [cpu alloc address=${address(m.phys)}] [cpu free address=${address(ref.phys)}]`)
  if (ref.type === 'scatter-gather' && ref.entries !== 0 && ref.entries !== m.entries)
    say('entries-mismatch', 1043, `device driver frees DMA sg list with different entry count [map count=${m.entries}] [unmap count=${ref.entries}]`)
  if (ref.direction !== m.direction)
    say('direction-mismatch', undefined, `${WRONG} different direction ${here} [mapped with ${directionName(m.direction)}] [unmapped with ${directionName(ref.direction)}]`)
  if (m.checked === false)
    say('error-not-checked', 1069, `device driver failed to check map error${here} [mapped as ${m.type}]`)
  if ((ref.attrs & LASTING) !== (m.attrs & LASTING))
    say('attributes-mismatch', undefined, `${WRONG} different attributes ${here} [mapped with 0x${m.attrs.toString(16)}] [unmapped with 0x${ref.attrs.toString(16)}]`)
}

/** What was mapped for both directions may change hands in any. */
export function checkSync(machine: Machine, ref: MappingUse, forCpu: boolean): void {
  const m = dmaDebug(machine).records.containing(ref)
  const here = place(ref.dma, ref.size)
  const say = (what: string, text: string): void =>
    complain(machine, ref.device, { what, text, rule: 'DMA-46', record: m, inside: 'check_sync' })
  if (!m) {
    say('sync-unknown', `device driver tries to sync DMA memory it has not allocated ${here}`)
    return
  }
  if (m.direction === DMA_BIDIRECTIONAL) return
  const both = `${here} [mapped with ${directionName(m.direction)}] [synced with ${directionName(ref.direction)}]`
  if (ref.direction !== m.direction)
    say('sync-direction', `device driver syncs DMA memory with different direction ${both}`)
  if (forCpu && m.direction !== DMA_FROM_DEVICE && ref.direction !== DMA_TO_DEVICE)
    say('sync-read-only', `device driver syncs device read-only DMA memory for cpu ${both}`)
  if (!forCpu && m.direction !== DMA_TO_DEVICE && ref.direction !== DMA_FROM_DEVICE)
    say('sync-write-only', `device driver syncs device write-only DMA memory to device ${both}`)
  if (ref.type === 'scatter-gather' && ref.entries !== m.entries)
    say('sync-entries', `device driver syncs DMA sg list with different entry count [map count=${m.entries}] [sync count=${ref.entries}]`)
}
