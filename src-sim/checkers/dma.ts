import type { Machine } from '../engine/machine'
import { dmaMappings, type DeviceAccess, type DmaMapping } from '../kernel/dma/mappings'
import { describeObject, report, traceLines } from '../kernel/report'

/**
 * What the kernel's own debugging cannot see: a device that still uses memory it was told about
 * after that memory was given back, or memory it was never told about.
 */
export function attachDmaSanitizer(machine: Machine): void {
  dmaMappings.whenUsed(machine, ({ on }) =>
    on.stray.add((access, former) => {
      if (former) afterFree(machine, access, former)
      else stray(machine, access)
    }),
  )
}

function accessText(machine: Machine, a: DeviceAccess): string {
  const name = describeObject(machine, a.device).name || 'device'
  return `${a.write ? 'Write' : 'Read'} of ${a.length} bytes at dma addr 0x${a.address.toString(16)} by device ${name}`
}

function afterFree(machine: Machine, access: DeviceAccess, former: DmaMapping): void {
  const ended = former.type === 'coherent' ? 'Freed' : 'Unmapped'
  report(machine, {
    kind: access.write ? 'dma.write-after-free' : 'dma.read-after-free',
    title: `klab: DMA: device uses memory after it was ${ended.toLowerCase()}`,
    details: [
      accessText(machine, access),
      '',
      `${former.type === 'coherent' ? 'Allocated' : 'Mapped'} by task ${former.mapped.pid}:`,
      ...traceLines(machine, former.mapped),
      '',
      `${ended} by task ${former.unmapped?.pid ?? 0}:`,
      ...(former.unmapped ? traceLines(machine, former.unmapped) : []),
    ],
    stacks: [
      { role: 'allocated', stack: former.mapped },
      ...(former.unmapped ? [{ role: 'freed', stack: former.unmapped }] : []),
    ],
    objects: [former, access.device],
    rules: ['DMA-39'],
    at: former.unmapped ?? former.mapped,
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
