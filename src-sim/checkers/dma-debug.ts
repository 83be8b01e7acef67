import type { Machine } from '../engine/machine'
import { deviceCore, driverString } from '../kernel/base/core'
import { device } from '../kernel/base/device'
import { DMA_MAPPING_ERROR } from '../kernel/dma/direct'
import {
  DIRECTIONS, DMA_BIDIRECTIONAL, DMA_FROM_DEVICE, DMA_TO_DEVICE, dmaMappings, type DmaDevice,
  type DmaMapping, type MappingUse,
} from '../kernel/dma/mappings'
import { warn } from '../kernel/printk/warn'
import { traceLines } from '../kernel/report'

/**
 * CONFIG_DMA_API_DEBUG: every unmapping must fit its mapping, and a driver that leaves a PCI device
 * must not leave mappings behind. Unlike the kernel's default, each mistake speaks, not only the
 * first one of a boot.
 */
export function attachDmaDebug(machine: Machine): void {
  const mappings = dmaMappings(machine)
  mappings.on.unmap.add((use, mapping) => {
    const { device: dev, dma, size } = use
    if (mapping) checkUnmap(machine, mapping, use)
    else if (dma === DMA_MAPPING_ERROR) complain(machine, dev, 'free-invalid', INVALID, 'DMA-46')
    else {
      const text = 'device driver tries to free DMA memory it has not allocated'
      const where = 'kernel/dma/debug.c:1004 at check_unmap'
      complain(machine, dev, 'free-unknown', `${text} ${place(dma, size)}`, 'DMA-46', null, where)
    }
  })
  mappings.on.sync.add((use, forCpu, mapping) => checkSync(machine, use, forCpu, mapping))
  mappings.on.resource.add((dev, phys) => {
    const text = `dma_map_resource called for RAM address ${hex16(phys)}`
    complain(machine, dev, 'ram-as-resource', text, 'DMA-14', null, 'kernel/dma/debug.c at debug_dma_map_phys')
  })
  deviceCore(machine).on.unbound.add((dev, bus) => {
    if (bus?.name === 'pci') checkLeaks(machine, dev)
  })
}

const INVALID = 'device driver tries to free an invalid DMA memory address'
const hex16 = (n: number): string => `0x${n.toString(16).padStart(16, '0')}`
const place = (dma: number, size: number): string =>
  `[device address=${hex16(dma)}] [size=${size} bytes]`
const directionName = (n: number): string => `DMA_${DIRECTIONS[n] ?? 'NONE'}`

function prefix(dev: DmaDevice): string {
  return dev instanceof device ? `${driverString(dev)} ${dev.$label}` : 'NULL NULL'
}

function complain(
  machine: Machine, dev: DmaDevice, what: string, text: string, rule: string,
  mapping: DmaMapping | null = null, source = 'kernel/dma/debug.c at check_unmap',
): void {
  const [first, ...rest] = `DMA-API: ${prefix(dev)}: ${text}`.split('\n')
  warn(machine, '', source, [first!, ...rest].join('\n'), {
    kind: `dma-debug.${what}`,
    tail: mapping ? ['DMA-API: Mapped at:', ...traceLines(machine, mapping.mapped)] : [],
    stacks: mapping ? [{ role: 'allocated', stack: mapping.mapped }] : [],
    objects: [...(mapping ? [mapping] : []), dev],
    rules: [rule],
    help: 'dma-lifetime',
    once: false,
  })
}

/** Each difference between mapping and unmapping speaks for itself, in this order. */
function checkUnmap(machine: Machine, m: DmaMapping, use: MappingUse): void {
  const at = `[device address=${hex16(m.dma)}]`
  const say = (what: string, line: number | null, text: string): void =>
    complain(machine, use.device, what, text, 'DMA-46', m,
      `kernel/dma/debug.c${line === null ? '' : `:${line}`} at check_unmap`)
  if (use.size !== m.size)
    say(
      'size-mismatch', 1014,
      `device driver frees DMA memory with different size ${at} [map size=${m.size} bytes] [unmap size=${use.size} bytes]`,
    )
  if (use.type !== m.type) {
    const text = `device driver frees DMA memory with wrong function ${at} [size=${use.size} bytes]`
    say('type-mismatch', 1022, `${text} [mapped as ${m.type}] [unmapped as ${use.type}]`)
  }
  if (use.type === 'scatter-gather' && use.entries !== m.entries)
    say(
      'entries-mismatch', 1043,
      `device driver frees DMA sg list with different entry count [map count=${m.entries}] [unmap count=${use.entries}]`,
    )
  if (use.direction !== m.direction) {
    const text = `device driver frees DMA memory with different direction ${at} [size=${use.size} bytes]`
    say('direction-mismatch', null, `${text} ${withDirections(m, use, 'unmapped')}`)
  }
  if (m.type === 'phy' && !m.checked)
    say(
      'error-not-checked', 1069,
      `device driver failed to check map error${place(m.dma, m.size)} [mapped as phy]`,
    )
}

const withDirections = (m: DmaMapping, use: MappingUse, how: string): string =>
  `[mapped with ${directionName(m.direction)}] [${how} with ${directionName(use.direction)}]`

/** What was mapped for both directions may change hands in any. */
function checkSync(
  machine: Machine, use: MappingUse, forCpu: boolean, m: DmaMapping | null,
): void {
  const at = place(use.dma, use.size)
  const say = (what: string, text: string): void =>
    complain(machine, use.device, what, text, 'DMA-46', m, 'kernel/dma/debug.c at check_sync')
  if (m === null) {
    say('sync-unknown', `device driver tries to sync DMA memory it has not allocated ${at}`)
    return
  }
  const both = withDirections(m, use, 'synced')
  if (m.direction !== DMA_BIDIRECTIONAL) {
    if (use.direction !== m.direction)
      say('sync-direction', `device driver syncs DMA memory with different direction ${at} ${both}`)
    if (forCpu && m.direction !== DMA_FROM_DEVICE && use.direction !== DMA_TO_DEVICE)
      say('sync-read-only', `device driver syncs device read-only DMA memory for cpu ${at} ${both}`)
    if (!forCpu && m.direction !== DMA_TO_DEVICE && use.direction !== DMA_FROM_DEVICE)
      say('sync-write-only', `device driver syncs device write-only DMA memory to device ${at} ${both}`)
  }
  if (use.type === 'scatter-gather' && use.entries !== m.entries)
    say(
      'sync-entries',
      `device driver syncs DMA sg list with different entry count [map count=${m.entries}] [sync count=${use.entries}]`,
    )
}

/** The driver is gone, managed resources too: what is still mapped nobody will unmap (DM-93). */
function checkLeaks(machine: Machine, dev: device): void {
  const left = dmaMappings(machine).live.filter((m) => m.device === dev)
  const last = left.at(-1)
  if (!last) return
  complain(
    machine, dev, 'leak-at-unbind',
    `device driver has pending DMA allocations while released from device [count=${left.length}]\n` +
      `One of leaked entries details: ${place(last.dma, last.size)} ` +
      `[mapped with ${directionName(last.direction)}] [mapped as ${last.type}]`,
    'DM-93', last, 'kernel/dma/debug.c at dma_debug_device_change',
  )
}
