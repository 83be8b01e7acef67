import type { Machine } from '../engine/machine'
import { deviceCore } from '../kernel/base/core'
import type { device } from '../kernel/base/device'
import { dmaDebugHooks } from '../kernel/dma/debug-hooks'
import type { DmaDevice } from '../kernel/dma/dma-device'
import type { MappingUse } from '../kernel/dma/mappings'
import type { scatterlist } from '../kernel/dma/sg'
import { checkSync, checkUnmap } from './dma-debug/checks'
import { checkAddress, recordList, recordMapping } from './dma-debug/record'
import { complain, directionName, dmaDebug, place } from './dma-debug/state'

/**
 * CONFIG_DMA_API_DEBUG: every unmapping must fit its mapping, and a driver that leaves a PCI device
 * must not leave mappings behind. It sees what drivers tell the DMA API, and nothing of what
 * devices do.
 */
export function attachDmaDebug(machine: Machine): void {
  dmaDebugHooks.whenUsed(machine, (on) => {
    on.mapSingle.add((dev, cpu, size) => checkAddress(machine, dev, cpu, size))
    on.mapped.add((use, cpu) => recordMapping(machine, use, cpu))
    on.unmap.add((use) => checkUnmap(machine, use))
    on.sync.add((use, forCpu) => checkSync(machine, use, forCpu))
    on.mappingError.add((dev, dma) => dmaDebug(machine).records.check(dev, dma))
    on.mapSg.add((dev, list, segments, direction, attrs) =>
      recordList(machine, dev, list, segments, direction, attrs),
    )
    on.unmapSg.add((dev, list, direction, attrs) =>
      eachSegment(machine, dev, list, direction, attrs, (use) => checkUnmap(machine, use)),
    )
    on.syncSg.add((dev, list, direction, forCpu) =>
      eachSegment(machine, dev, list, direction, 0, (use) => checkSync(machine, use, forCpu)),
    )
  })
  deviceCore(machine).on.unbound.add((dev, bus) => {
    if (bus?.name === 'pci') checkLeaks(machine, dev)
  })
}

/** The segments of a list: as many as the record of the first says, all entries without one. */
function eachSegment(
  machine: Machine, device: DmaDevice, list: readonly scatterlist[], direction: number,
  attrs: number, check: (use: MappingUse) => void,
): void {
  let segments = 0
  for (const [i, sg] of list.entries()) {
    const use: MappingUse = {
      device, dma: sg.dma_address, size: sg.dma_length, direction, phys: sg.$phys ?? -1,
      type: 'scatter-gather', entries: list.length, attrs,
    }
    if (segments > 0 && i >= segments) break
    if (i === 0) segments = dmaDebug(machine).records.exact(use)?.segments ?? 0
    check(use)
  }
}

/** The driver is gone, managed resources too: what is still mapped nobody will unmap (DMA-48). */
function checkLeaks(machine: Machine, dev: device): void {
  const left = dmaDebug(machine).records.of(dev)
  const last = left.at(-1)
  if (!last) return
  const text =
    `device driver has pending DMA allocations while released from device [count=${left.length}]\n` +
    `One of leaked entries details: ${place(last.dma, last.size)} ` +
    `[mapped with ${directionName(last.direction)}] [mapped as ${last.type}]`
  complain(machine, dev, {
    what: 'leak-at-unbind', text, rule: 'DM-93', record: last, inside: 'dma_debug_device_change',
  })
}
