import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { driverString } from '../base/core'
import type { device } from '../base/device'
import { kernelLog } from '../printk/log'
import { allocCoherent, freeCoherent } from './coherent'
import type { DmaMapping } from './mappings'

/** Small blocks of coherent memory, all of a size: pages are cut into them (DMA-41). */
export class dma_pool extends KernelObject {
  readonly name: string
  readonly size: number
  /** @internal */
  readonly $dev: device
  /** @internal No block crosses a multiple of this. */
  readonly $boundary: number
  /** @internal */
  readonly $pages: DmaMapping[] = []
  /** @internal Blocks to hand out: page and offset, last freed first. */
  readonly $free: [DmaMapping, number][] = []
  /** @internal Blocks that are out. */
  $used = 0

  constructor(name: string, dev: device, size: number, boundary: number) {
    super()
    this.name = name
    this.$dev = dev
    this.size = size
    this.$boundary = boundary
  }
}

const BLOCK_MIN = 16
const powerOfTwo = (n: number): boolean => n > 0 && Number.isInteger(Math.log2(n))

export function createPool(
  name: string, dev: device | null, size: number, align: number, boundary: number,
): dma_pool | null {
  const step = align === 0 ? 1 : align
  if (dev === null || !powerOfTwo(step) || size <= 0 || size > 0x7fffffff) return null
  const rounded = Math.ceil(Math.max(size, BLOCK_MIN) / step) * step
  const bytes = Math.max(rounded, PAGE_SIZE)
  const limit = boundary === 0 ? bytes : boundary
  if (limit < rounded || !powerOfTwo(limit)) return null
  return new dma_pool(name, dev, rounded, Math.min(limit, bytes))
}

function addPage(pool: dma_pool): boolean {
  const page = allocCoherent(pool.$dev, Math.max(pool.size, PAGE_SIZE))
  if (page === null) return false
  pool.$pages.push(page)
  const blocks: [DmaMapping, number][] = []
  for (let at = 0; at + pool.size <= page.size; ) {
    const end = (Math.floor(at / pool.$boundary) + 1) * pool.$boundary
    if (at + pool.size > end) at = end
    else {
      blocks.push([page, at])
      at += pool.size
    }
  }
  pool.$free.push(...blocks.reverse())
  return true
}

/** A block: the CPU's view and the device's address; null without memory. */
export function allocBlock(pool: dma_pool, zero: boolean): { cpu: Uint8Array; dma: number } | null {
  if (pool.$free.length === 0 && !addPage(pool)) return null
  const [page, at] = pool.$free.pop()!
  pool.$used++
  const cpu = page.cpu.subarray(at, at + pool.size)
  if (zero) cpu.fill(0)
  return { cpu, dma: page.dma + at }
}

export function freeBlock(pool: dma_pool, dma: number): void {
  const page = pool.$pages.find((p) => dma >= p.dma && dma < p.dma + p.size)
  if (!page) {
    deviceError(pool, `dma_pool_free ${pool.name}, 0x${dma.toString(16).padStart(16, '0')} (bad dma)`)
    return
  }
  pool.$free.push([page, dma - page.dma])
  pool.$used--
}

/** The pages go, except those of which a block is still out: they leak. */
export function destroyPool(pool: dma_pool | null): void {
  if (pool === null) return
  for (const page of pool.$pages.splice(0)) {
    const out = pool.$free.filter(([p]) => p === page).length < blocksOf(pool, page)
    if (out) deviceError(pool, `dma_pool_destroy ${pool.name} busy`)
    else freeCoherent(pool.$dev, page.size, page.cpu, page.dma)
  }
}

const blocksOf = (pool: dma_pool, page: DmaMapping): number => {
  const perBoundary = Math.floor(pool.$boundary / pool.size)
  return perBoundary * Math.floor(page.size / pool.$boundary)
}

function deviceError(pool: dma_pool, text: string): void {
  const { $dev: dev } = pool
  kernelLog(machine()).print(3, `${driverString(dev)} ${dev.$label}: ${text}\n`)
}

