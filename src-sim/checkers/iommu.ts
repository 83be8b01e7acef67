import type { Machine } from '../engine/machine'
import { dmaMappings, type DmaMapping } from '../kernel/dma/mappings'
import { iommuFaults, type DeviceFault } from '../kernel/iommu/translate'
import { describeObject, report, takeStack, traceLines } from '../kernel/report'

/**
 * A device has used an address that is not its own, and the IOMMU has stopped it. The kernel logs
 * that much (within a limit); what the address was before, it does not know.
 */
export function attachIommu(machine: Machine): void {
  iommuFaults.whenUsed(machine, ({ on }) => on.fault.add((fault) => stopped(machine, fault)))
}

function stopped(machine: Machine, fault: DeviceFault): void {
  const { dev, address } = fault
  const mappings = dmaMappings(machine)
  const live = fault.pasid ? null : mappings.at(dev, address)
  const former = fault.pasid || live ? null : mappings.former(dev, address)
  const at = former?.unmapped ?? live?.mapped ?? takeStack(machine, null)
  report(machine, {
    kind: 'iommu.fault',
    title: `DMA ${fault.write ? 'write' : 'read'} by a device was stopped by the IOMMU`,
    details: [...placeText(machine, fault), ...historyOf(machine, live, former)],
    stacks: former ? [{ role: 'allocated', stack: former.mapped }] : [],
    objects: [dev, ...(former ? [former] : live ? [live] : [])],
    rules: [live ? 'DMA-20' : 'IOMMU-24'],
    at,
    silent: true,
    help: 'dma-lifetime',
  })
}

function placeText(machine: Machine, f: DeviceFault): string[] {
  const name = describeObject(machine, f.dev).name || 'device'
  const pasid = f.pasid ? ` (PASID ${f.pasid})` : ''
  return [
    `${f.write ? 'Write' : 'Read'} of ${f.length} bytes at dma addr 0x${f.address.toString(16)}${pasid} by device ${name}`,
  ]
}

function historyOf(machine: Machine, live: DmaMapping | null, former: DmaMapping | null): string[] {
  if (live) return ['', `It is mapped, but not for this, by task ${live.mapped.pid}:`, ...traceLines(machine, live.mapped)]
  if (!former) return []
  return [
    '',
    `It was mapped by task ${former.mapped.pid}:`,
    ...traceLines(machine, former.mapped),
    '',
    `Unmapped by task ${former.unmapped?.pid ?? 0}:`,
    ...(former.unmapped ? traceLines(machine, former.unmapped) : []),
  ]
}
