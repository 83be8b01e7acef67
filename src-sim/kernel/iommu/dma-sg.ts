import { machine } from '../../engine/current'
import type { device } from '../base/device'
import { ATTR } from '../dma/attrs'
import { syncCacheForCpu, syncCacheForDevice } from '../dma/cache'
import { DMA_MAPPING_ERROR, isCoherent, maskOf, type DmaDevice } from '../dma/dma-device'
import { p2pMapOf } from '../dma/p2p-hook'
import type { scatterlist } from '../dma/sg'
import { EINVAL, EIO, ENOMEM, EREMOTEIO } from '../errno'
import { IOMMU_MMIO } from './domain'
import { mapPhys, unmapPhys, usesBounce } from './dma-iommu'
import { alignUp, allocIova, deferredAttach, freeIova, pathOf, protOf, unmapForDevice } from './dma-map'
import { mapRange, unmapRange } from './map'

/** Scatter lists behind an IOMMU: one range of addresses for all, neighbours merged (DMA-23). */

/** A piece of the list: where it is, and what of the range is its. */
interface Piece {
  sg: scatterlist
  phys: number
  /** Offset in its first granule. */
  offset: number
  /** What it takes of the range, with what keeps the next one from crossing a boundary. */
  span: number
  busAddress: number | null
  mmio: boolean
}

const DEFAULT_SEGMENT = 65536

const boundaryOf = (dev: DmaDevice): number => dev.dma_parms?.segment_boundary_mask || Infinity
const maxSegment = (dev: DmaDevice): number => dev.dma_parms?.max_segment_size || DEFAULT_SEGMENT

/** Every entry for itself: bounced ones cannot share a range. */
function mapEach(
  dev: DmaDevice, list: readonly scatterlist[], direction: number, attrs: number,
): number {
  for (const [i, sg] of list.entries()) {
    const phys = sg.$phys
    const dma = phys === null ? DMA_MAPPING_ERROR : mapPhys(dev, phys, sg.length, direction, attrs)
    if (dma === DMA_MAPPING_ERROR) {
      for (const done of list.slice(0, i))
        unmapPhys(dev, done.dma_address, done.dma_length, direction, attrs | ATTR.SKIP_CPU_SYNC)
      for (const one of list) forget(one)
      return -EIO
    }
    sg.dma_address = dma
    sg.dma_length = sg.length
    separate.add(sg)
  }
  return list.length
}

/** Entries that were mapped each for itself. */
const separate = new WeakSet<scatterlist>()

function forget(sg: scatterlist): void {
  sg.dma_address = DMA_MAPPING_ERROR
  sg.dma_length = 0
}

/** What each entry needs; -EREMOTEIO when memory of another device is out of reach. */
function layOut(dev: DmaDevice, list: readonly scatterlist[], granule: number): Piece[] | number {
  const boundary = boundaryOf(dev)
  const pieces: Piece[] = []
  let length = 0
  for (const sg of list) {
    const peer = p2pMapOf(dev, sg)
    const phys = sg.$phys
    if (peer === null) return -EREMOTEIO
    if (phys === null) return -EINVAL
    const busAddress = typeof peer === 'number' ? peer : null
    const offset = phys % granule
    const span = busAddress === null ? alignUp(sg.length + offset, granule) : 0
    const pad = boundary === Infinity ? 0 : (boundary + 1 - (length % (boundary + 1))) % (boundary + 1)
    const before = pieces[pieces.length - 1]
    if (before && span > 0 && pad > 0 && pad < span - 1) {
      before.span += pad
      length += pad
    }
    pieces.push({ sg, phys, offset, span, busAddress, mmio: peer === 'host' })
    length += span
  }
  return pieces
}

/** How many segments, or -errno: nothing is mapped then (DMA-24). */
export function mapSg(
  dev: DmaDevice, list: readonly scatterlist[], direction: number, attrs: number,
): number {
  const own = dev as device
  const path = pathOf(own)
  const { granule } = path.iova
  if (!deferredAttach(own, path.domain)) return -EINVAL
  if (list.some((sg) => usesBounce(dev, sg.length, direction)))
    return mapEach(dev, list, direction, attrs)
  const pieces = layOut(dev, list, granule)
  if (typeof pieces === 'number') return pieces
  if (!isCoherent(dev) && !(attrs & ATTR.SKIP_CPU_SYNC))
    for (const { phys, sg } of pieces) syncCacheForDevice(phys, sg.length)
  const length = pieces.reduce((sum, p) => sum + p.span, 0)
  if (length === 0) return finalise(dev, pieces, 0)
  const start = allocIova(path, length, maskOf(dev), own)
  if (!start) return invalid(list, -ENOMEM)
  const prot = protOf(own, direction, attrs)
  let at = start
  for (const piece of pieces) {
    if (piece.busAddress !== null) continue
    const size = alignUp(piece.sg.length + piece.offset, granule)
    const how = piece.mmio ? prot | IOMMU_MMIO : prot
    const map = mapRange(path.domain, at, piece.phys - piece.offset, size, how)
    if (machine().runtime.atomic<number>(map)) {
      machine().runtime.atomic(unmapRange(path.domain, start, at - start))
      freeIova(path, start, length, false)
      return invalid(list, -EINVAL)
    }
    at += piece.span
  }
  return finalise(dev, pieces, start)
}

function invalid(list: readonly scatterlist[], error: number): number {
  for (const sg of list) forget(sg)
  return error
}

/**
 * Tells the device: an entry is appended to the segment before when it begins on a granule, no
 * boundary lies between and the whole is not too long.
 */
function finalise(dev: DmaDevice, pieces: readonly Piece[], start: number): number {
  const boundary = boundaryOf(dev)
  const longest = maxSegment(dev)
  for (const { sg } of pieces) forget(sg)
  let [count, current, address] = [0, 0, start]
  let into: scatterlist | null = null
  for (const { sg, offset, span, busAddress } of pieces) {
    if (busAddress !== null) {
      into = pieces[count++]!.sg
      into.dma_address = busAddress
      into.dma_length = sg.length
      into.$busAddress = true
      current = 0
      continue
    }
    const atBoundary = boundary === Infinity ? address === 0 : address % (boundary + 1) === 0
    if (into && current && !offset && !atBoundary && longest - current >= sg.length) current += sg.length
    else {
      into = pieces[count++]!.sg
      into.$busAddress = false
      into.dma_address = address + offset
      current = sg.length
    }
    into.dma_length = current
    address += span
    if (sg.length + offset < span) current = 0
  }
  return count
}

/** The range from the first segment to the end of the last one, whatever `nents` was (DMA-25). */
export function unmapSg(
  dev: DmaDevice, list: readonly scatterlist[], direction: number, attrs: number,
): void {
  if (list[0] && separate.has(list[0])) {
    for (const sg of list) {
      separate.delete(sg)
      unmapPhys(dev, sg.dma_address, sg.dma_length, direction, attrs)
    }
    return
  }
  if (!isCoherent(dev) && !(attrs & ATTR.SKIP_CPU_SYNC))
    for (const sg of list) if (sg.$phys !== null) syncCacheForCpu(sg.$phys, sg.length, direction)
  let [start, end] = [-1, 0]
  for (const sg of list) {
    if (sg.$busAddress) {
      sg.$busAddress = false
      continue
    }
    if (sg.dma_length === 0) break
    if (start < 0) start = sg.dma_address
    end = sg.dma_address + sg.dma_length
  }
  if (end) unmapForDevice(dev as device, start, end - start)
}
