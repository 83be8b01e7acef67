import { machine, now } from '../../engine/current'
import type { device } from '../base/device'
import { enter } from '../dma/ledger'
import { dmaMappings, type DmaMapping } from '../dma/mappings'
import { takeStack } from '../report'

/**
 * What a device has been told through ranges that are filled in two steps: the kernel's debugging
 * keeps no records of it, but what the device touches is judged all the same.
 */

function tell(dev: device, dma: number, phys: number, size: number, direction: number): DmaMapping {
  const use = { device: dev, dma, phys, size, direction, type: 'phy', entries: 0, attrs: 0 } as const
  return enter(use, null, 'dma_iova_link')
}

const drop = (mapping: DmaMapping): void => {
  const { live } = dmaMappings(machine())
  live.splice(live.indexOf(mapping), 1)
}

/** A link: grows what ends where it begins, so that the device may cross from one to the next. */
export function noteLink(
  dev: device, dma: number, phys: number, size: number, direction: number,
): void {
  const before = dmaMappings(machine()).live.find(
    (m) => m.device === dev && m.dma + m.size === dma && m.direction === direction && linked.has(m),
  )
  if (before) drop(before)
  const start = before ? before.dma : dma
  const from = before ? before.phys : phys
  linked.add(tell(dev, start, from, dma + size - start, direction))
}

/** The records made here. */
const linked = new WeakSet<DmaMapping>()

/** What is left of a link stays known. */
export function noteUnlink(dev: device, dma: number, size: number): void {
  const mappings = dmaMappings(machine())
  const stack = takeStack(machine(), now.exec, 'dma_iova_unlink')
  const hit = mappings.live.filter(
    (m) => linked.has(m) && m.device === dev && m.dma < dma + size && dma < m.dma + m.size,
  )
  for (const m of hit) {
    mappings.end(m, stack)
    const tail = m.dma + m.size - (dma + size)
    if (dma > m.dma) linked.add(tell(dev, m.dma, m.phys, dma - m.dma, m.direction))
    if (tail > 0) linked.add(tell(dev, dma + size, m.phys + m.size - tail, tail, m.direction))
  }
}
