import { machine, now } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { dma_map_sg, dma_map_sg_err, dma_unmap_sg } from '../../trace/events'
import { emit } from '../emit'
import { warn } from '../printk/warn'
import { takeStack } from '../report'
import { service } from '../../engine/service'
import { checkDirection, reach } from './direct'
import { DIRECTIONS, dmaMappings, type DmaDevice, type DmaMapping } from './mappings'
import { EIO, ENOMEM } from '../errno'

/** One piece of memory of a scatter list: what the CPU has put in, and what the device is told. */
export class scatterlist extends KernelObject {
  offset = 0
  length = 0
  dma_address = 0
  dma_length = 0
  /** @internal The memory that `offset` counts from. */
  $memory: Uint8Array | null = null
  /** @internal */
  $next: scatterlist | null = null
  /** @internal No entry follows. */
  $last = false
}

/** A list and how long it is: for the CPU (orig_nents) and, once mapped, for the device (nents). */
export class sg_table {
  sgl: scatterlist[] = []
  nents = 0
  orig_nents = 0
}

/** A list, or the array that holds it. */
export type SgList = scatterlist | readonly scatterlist[]

export const firstOf = (sgl: SgList): scatterlist | null =>
  sgl instanceof scatterlist ? sgl : (sgl[0] ?? null)

export const nextOf = (sg: scatterlist): scatterlist | null => (sg.$last ? null : sg.$next)

/** The first `count` entries of a list. */
export function entriesOf(sgl: SgList, count: number): scatterlist[] {
  const entries: scatterlist[] = []
  for (let sg = firstOf(sgl); sg !== null && entries.length < count; sg = nextOf(sg))
    entries.push(sg)
  return entries
}

export const bytesOf = (sg: scatterlist): Uint8Array =>
  (sg.$memory ?? new Uint8Array(0)).subarray(sg.offset, sg.offset + sg.length)

const warned = service(() => ({ empty: false }))

/**
 * DMA-23: hands the pieces to a device, one segment for each. Their number, or -errno: nothing is
 * mapped then.
 */
export function mapSg(device: DmaDevice, sgl: SgList, nents: number, direction: number): number {
  const m = machine()
  checkDirection(direction)
  if (nents === 0) {
    const { empty } = warned(m)
    warned(m).empty = true
    if (!empty) warn(m, 'dma-empty-list', 'kernel/dma/mapping.c:266 at __dma_map_sg_attrs', null, { rules: ['DMA-23'] })
    return -EIO
  }
  const done: DmaMapping[] = []
  for (const sg of entriesOf(sgl, nents)) {
    const memory = bytesOf(sg)
    const mapping = reach(device, memory, sg.length, direction, 'scatter-gather', nents)
    if (mapping === null) {
      for (const one of done) end(device, one, nents, direction)
      emit(dma_map_sg_err, device, nents, -ENOMEM, DIRECTIONS[direction]!)
      return -EIO
    }
    done.push(mapping)
    sg.dma_address = mapping.dma
    sg.dma_length = sg.length
    emit(dma_map_sg, mapping, device, nents, nents, DIRECTIONS[direction]!, 0)
    dmaMappings(m).on.map.emit(mapping)
  }
  return done.length
}

function end(device: DmaDevice, mapping: DmaMapping, nents: number, direction: number): void {
  const m = machine()
  dmaMappings(m).end(mapping, takeStack(m, now.exec, 'dma_unmap_sg_attrs'))
  emit(dma_unmap_sg, mapping, device, nents, DIRECTIONS[direction]!, 0)
}

/** DMA-25: takes the pieces back; `nents` as it was given to the mapping. */
export function unmapSg(device: DmaDevice, sgl: SgList, nents: number, direction: number): void {
  checkDirection(direction)
  const mappings = dmaMappings(machine())
  for (const sg of entriesOf(sgl, nents)) {
    const { dma_address: dma, dma_length: size } = sg
    const mapping = mappings.find(device, dma, size, 'scatter-gather', direction)
    mappings.on.unmap.emit({ device, dma, size, direction, type: 'scatter-gather', entries: nents }, mapping)
    if (mapping) end(device, mapping, nents, direction)
  }
}
