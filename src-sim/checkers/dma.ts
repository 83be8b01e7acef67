import type { Machine } from '../engine/machine'
import { deviceReads, deviceWrites, DIRECTIONS } from '../kernel/dma/direction'
import { dmaMappings, type DeviceAccess, type DmaMapping } from '../kernel/dma/mappings'
import { describeObject, report, traceLines } from '../kernel/report'
import { watchCpuAccess } from './dma/cpu-access'
import { freedMemory, watchFreedMemory } from './dma/freed-memory'

/**
 * What the kernel's own debugging cannot see (DMA-49): a device that uses memory after it was
 * given back, memory it was never told about, or memory in a way that it was not told; and CPUs
 * that use memory while it is the device's.
 */
export function attachDmaSanitizer(machine: Machine): void {
  dmaMappings.whenUsed(machine, (mappings) => {
    mappings.on.access.add((access, mapping) => {
      if (mapping) within(machine, access, mapping)
      else outside(machine, access)
    })
    watchFreedMemory(machine)
    watchCpuAccess(machine)
  })
}

/** The mapping covers the access: is it one of the allowed kind, to memory that is still there? */
function within(machine: Machine, access: DeviceAccess, mapping: DmaMapping): void {
  const freed = freedMemory(machine, mapping)
  if (freed) {
    afterFree(machine, access, mapping, freed.freed!, 'Freed while mapped')
    return
  }
  const allowed = access.write ? deviceWrites : deviceReads
  if (!allowed(mapping.direction)) wrongDirection(machine, access, mapping)
}

function outside(machine: Machine, access: DeviceAccess): void {
  const mappings = dmaMappings(machine)
  const begun = mappings.at(access.device, access.address)
  if (begun) {
    overrun(machine, access, begun)
    return
  }
  const former = mappings.former(access.device, access.address)
  if (former) {
    const ended = former.type === 'coherent' ? 'Freed' : 'Unmapped'
    afterFree(machine, access, former, former.unmapped ?? former.mapped, ended)
  } else stray(machine, access)
}

function accessText(machine: Machine, a: DeviceAccess): string {
  const name = describeObject(machine, a.device).name || 'device'
  return `${a.write ? 'Write' : 'Read'} of ${a.length} bytes at dma addr 0x${a.address.toString(16)} by device ${name}`
}

/** Who told the device about the memory. */
function madeBy(machine: Machine, m: DmaMapping): string[] {
  const made = m.type === 'coherent' ? 'Allocated' : 'Mapped'
  return [`${made} by task ${m.mapped.pid}:`, ...traceLines(machine, m.mapped)]
}

function afterFree(
  machine: Machine, access: DeviceAccess, m: DmaMapping, end: DmaMapping['mapped'], how: string,
): void {
  report(machine, {
    kind: access.write ? 'dma.write-after-free' : 'dma.read-after-free',
    title: `klab: DMA: device uses memory after it was ${how.toLowerCase()}`,
    details: [
      accessText(machine, access),
      '',
      ...madeBy(machine, m),
      '',
      `${how} by task ${end.pid}:`,
      ...traceLines(machine, end),
    ],
    stacks: [
      { role: 'allocated', stack: m.mapped },
      { role: 'freed', stack: end },
    ],
    objects: [m, access.device],
    rules: ['DMA-39'],
    at: end,
    help: 'dma-lifetime',
  })
}

function wrongDirection(machine: Machine, access: DeviceAccess, m: DmaMapping): void {
  report(machine, {
    kind: 'dma.wrong-direction',
    title: `klab: DMA: device ${access.write ? 'writes to' : 'reads'} memory mapped DMA_${DIRECTIONS[m.direction]}`,
    details: [accessText(machine, access), '', ...madeBy(machine, m)],
    stacks: [{ role: 'allocated', stack: m.mapped }],
    objects: [m, access.device],
    rules: ['DMA-20', 'DMA-49'],
    at: m.mapped,
    help: 'dma-lifetime',
  })
}

function overrun(machine: Machine, access: DeviceAccess, m: DmaMapping): void {
  report(machine, {
    kind: 'dma.overrun',
    title: 'klab: DMA: device goes past the end of the memory it was given',
    details: [
      accessText(machine, access),
      `${access.address + access.length - m.dma - m.size} bytes past the ${m.size} that were mapped`,
      '',
      ...madeBy(machine, m),
    ],
    stacks: [{ role: 'allocated', stack: m.mapped }],
    objects: [m, access.device],
    rules: ['DMA-21', 'DMA-49'],
    at: m.mapped,
    help: 'dma-lifetime',
  })
}

function stray(machine: Machine, access: DeviceAccess): void {
  report(machine, {
    kind: 'dma.stray',
    title: 'klab: DMA: device uses memory that it was never given',
    details: [accessText(machine, access)],
    objects: [access.device],
    help: 'dma-lifetime',
  })
}
