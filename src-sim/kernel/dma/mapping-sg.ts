import { machine } from '../../engine/current'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { EINVAL, EIO, ENOMEM, EOPNOTSUPP, EREMOTEIO } from '../errno'
import { faultInjection } from '../mm/fault-injection'
import { ATTR } from './attrs'
import { backendOf } from './backend'
import { dmaDebugHooks } from './debug-hooks'
import { DIRECTIONS } from './direction'
import { isCoherent, type DmaDevice } from './dma-device'
import { announce, enter, handOver, leave } from './ledger'
import type { DmaMapping, MappingUse } from './mappings'
import { checkDirection, hasMask, needsSync } from './mapping'
import { warnOnce } from './once'
import { bytesOf, entriesOf, type scatterlist, type SgList } from './sg'

/** Scatter lists in kernel/dma/mapping.c. */

const MAP_LINE = 259
const UNMAP_LINE = 376
const SYNC_LINE = 452
/** What a backend may say; anything else is a mistake of its own. */
const FAILURES: readonly number[] = [-EINVAL, -ENOMEM, -EIO, -EREMOTEIO]

const useOf = (
  device: DmaDevice, sg: scatterlist, direction: number, entries: number, attrs: number,
): MappingUse => ({
  device,
  dma: sg.dma_address,
  phys: sg.$phys ?? -1,
  size: sg.dma_length,
  direction,
  type: 'scatter-gather',
  entries,
  attrs,
})

/** DMA-23, DMA-24: how many segments, or -errno; 0 without a mask. All or nothing. */
export function mapSg(
  dev: DmaDevice, sgl: SgList, nents: number, direction: number, attrs = 0,
): number {
  checkDirection(direction, '__dma_map_sg_attrs', MAP_LINE)
  if (attrs & ATTR.REQUIRE_COHERENT && !isCoherent(dev)) return -EOPNOTSUPP
  if (!hasMask(dev, '__dma_map_sg_attrs')) return 0
  const list = entriesOf(sgl, nents)
  const segments = mapList(dev, list, direction, attrs)
  if (segments > 0) {
    recordSegments(dev, list, segments, direction, attrs)
    dmaDebugHooks(machine()).mapSg.emit(dev, list, segments, direction, attrs)
    return segments
  }
  if (!FAILURES.includes(segments)) {
    const where = 'kernel/dma/mapping.c:266 at __dma_map_sg_attrs'
    warnOnce('empty-list', where, null, ['DMA-23', 'DMA-24'])
    return -EIO
  }
  emit(ev.dma_map_sg_err, dev, nents, segments, DIRECTIONS[direction]!)
  return segments
}

function mapList(
  dev: DmaDevice, list: readonly scatterlist[], direction: number, attrs: number,
): number {
  const injected = faultInjection(machine())
  if (list.length > 0 && injected.shouldFail('dma_map_sg')) return -ENOMEM
  return backendOf(dev).mapSg(dev, list, direction, attrs)
}

function recordSegments(
  dev: DmaDevice, list: readonly scatterlist[], segments: number, direction: number, attrs: number,
): void {
  for (const sg of list.slice(0, segments)) {
    if (sg.$busAddress) continue
    const cpu = segments === list.length ? bytesOf(sg) : null
    const mapping = enter(useOf(dev, sg, direction, list.length, attrs), cpu, 'dma_map_sg')
    emit(ev.dma_map_sg, mapping, dev, list.length, segments, DIRECTIONS[direction]!, attrs)
    announce(mapping)
  }
}

/** DMA-25: takes the pieces back; `nents` as it was given to the mapping. The checks come first. */
export function unmapSg(
  dev: DmaDevice, sgl: SgList, nents: number, direction: number, attrs = 0,
): void {
  checkDirection(direction, 'dma_unmap_sg_attrs', UNMAP_LINE)
  const list = entriesOf(sgl, nents)
  dmaDebugHooks(machine()).unmapSg.emit(dev, list, direction, attrs)
  const ended: DmaMapping[] = []
  for (const sg of list) {
    if (sg.dma_length === 0 || sg.$busAddress) continue
    const mapping = leave(useOf(dev, sg, direction, nents, attrs), 'dma_unmap_sg')
    if (mapping) ended.push(mapping)
  }
  backendOf(dev).unmapSg(dev, list, direction, attrs)
  for (const mapping of ended)
    emit(ev.dma_unmap_sg, mapping, dev, nents, DIRECTIONS[direction]!, attrs)
}

export function syncSg(
  dev: DmaDevice, sgl: SgList, nents: number, direction: number, forCpu: boolean,
): void {
  const list = entriesOf(sgl, nents)
  const mappings = list.map((sg) => handOver(dev, sg.dma_address, sg.dma_length, forCpu))
  if (!needsSync(dev)) return
  checkDirection(direction, forCpu ? '__dma_sync_sg_for_cpu' : '__dma_sync_sg_for_device', SYNC_LINE)
  const backend = backendOf(dev)
  for (const { dma_address: dma, dma_length: size } of list) {
    if (forCpu) backend.syncForCpu(dev, dma, size, direction)
    else backend.syncForDevice(dev, dma, size, direction)
  }
  const event = forCpu ? ev.dma_sync_sg_for_cpu : ev.dma_sync_sg_for_device
  for (const mapping of mappings)
    if (mapping) emit(event, mapping, dev, nents, DIRECTIONS[direction]!)
  dmaDebugHooks(machine()).syncSg.emit(dev, list, direction, forCpu)
}
