import { now } from '../engine/current'
import type { Machine } from '../engine/machine'
import { deviceCore, driverString } from '../kernel/base/core'
import { device } from '../kernel/base/device'
import { DMA_MAPPING_ERROR } from '../kernel/dma/direct'
import {
  DIRECTIONS, dmaMappings, type DmaDevice, type DmaMapping, type MappingType,
} from '../kernel/dma/mappings'
import { report, takeStack, traceLines } from '../kernel/report'

/**
 * CONFIG_DMA_API_DEBUG: every unmapping must fit its mapping, and a driver that leaves a PCI device
 * must not leave mappings behind. Unlike the kernel's default, each mistake speaks, not only the
 * first one of a boot.
 */
export function attachDmaDebug(machine: Machine): void {
  const mappings = dmaMappings(machine)
  mappings.on.unmap.add((dev, dma, size, direction, type, mapping) => {
    if (mapping) checkUnmap(machine, dev, mapping, size, direction, type)
    else if (dma === DMA_MAPPING_ERROR)
      complain(machine, dev, 'free-invalid', INVALID, 'DMA-46')
    else {
      const text = 'device driver tries to free DMA memory it has not allocated'
      complain(machine, dev, 'free-unknown', `${text} ${place(dma, size)}`, 'DMA-46')
    }
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
  mapping: DmaMapping | null = null, where = 'check_unmap',
): void {
  const [first, ...rest] = `DMA-API: ${prefix(dev)}: ${text}`.split('\n')
  report(machine, {
    kind: `dma-debug.${what}`,
    before: ['------------[ cut here ]------------', first!, ...rest],
    title: `WARNING: kernel/dma/debug.c at ${where}`,
    tail: mapping ? ['DMA-API: Mapped at:', ...traceLines(machine, mapping.mapped)] : [],
    stacks: mapping ? [{ role: 'allocated', stack: mapping.mapped }] : [],
    objects: [...(mapping ? [mapping] : []), dev],
    rules: [rule],
    at: takeStack(machine, now.exec, where),
    level: 4,
    help: 'dma-lifetime',
  })
}

/** Each difference between mapping and unmapping speaks for itself, in this order. */
function checkUnmap(
  machine: Machine, dev: DmaDevice, m: DmaMapping, size: number, direction: number,
  type: MappingType,
): void {
  const at = `[device address=${hex16(m.dma)}]`
  const say = (what: string, text: string): void =>
    complain(machine, dev, what, text, 'DMA-46', m)
  if (size !== m.size)
    say(
      'size-mismatch',
      `device driver frees DMA memory with different size ${at} [map size=${m.size} bytes] [unmap size=${size} bytes]`,
    )
  if (type !== m.type) {
    const text = `device driver frees DMA memory with wrong function ${at} [size=${size} bytes]`
    say('type-mismatch', `${text} [mapped as ${m.type}] [unmapped as ${type}]`)
  }
  if (direction !== m.direction) {
    const text = `device driver frees DMA memory with different direction ${at} [size=${size} bytes]`
    const names = [m.direction, direction].map(directionName)
    say('direction-mismatch', `${text} [mapped with ${names[0]}] [unmapped with ${names[1]}]`)
  }
  if (m.type === 'phy' && !m.checked)
    say(
      'error-not-checked',
      `device driver failed to check map error${place(m.dma, m.size)} [mapped as phy]`,
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
    'DM-93', last, 'dma_debug_device_change',
  )
}
