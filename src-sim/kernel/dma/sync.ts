import { machine } from '../../engine/current'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { checkDirection } from './direct'
import { DIRECTIONS, dmaMappings, type DmaDevice } from './mappings'
import { entriesOf, type SgList } from './sg'

/** DMA-27: a mapped buffer changes hands. Nothing moves: CPU and devices see the same memory. */
export function syncSingle(
  device: DmaDevice,
  dma: number,
  size: number,
  direction: number,
  forCpu: boolean,
): void {
  checkDirection(direction)
  const mappings = dmaMappings(machine())
  const mapping = mappings.containing(device, dma, size)
  mappings.on.sync.emit({ device, dma, size, direction, type: 'phy', entries: 0 }, forCpu, mapping)
  const event = forCpu ? ev.dma_sync_single_for_cpu : ev.dma_sync_single_for_device
  if (mapping) emit(event, mapping, device, dma, size, DIRECTIONS[direction]!)
}

export function syncSg(
  device: DmaDevice,
  sgl: SgList,
  nents: number,
  direction: number,
  forCpu: boolean,
): void {
  checkDirection(direction)
  const mappings = dmaMappings(machine())
  for (const { dma_address: dma, dma_length: size } of entriesOf(sgl, nents)) {
    const mapping = mappings.find(device, dma, size, 'scatter-gather', direction)
    const use = { device, dma, size, direction, type: 'scatter-gather', entries: nents } as const
    mappings.on.sync.emit(use, forCpu, mapping)
    const event = forCpu ? ev.dma_sync_sg_for_cpu : ev.dma_sync_sg_for_device
    if (mapping) emit(event, mapping, device, nents, DIRECTIONS[direction]!)
  }
}
