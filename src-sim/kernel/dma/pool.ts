import { PAGE_SIZE, type PhysAddr } from '../../base/units'
import { machine } from '../../engine/current'
import { TaskDeath } from '../../engine/exec'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { createFile, wrapAttribute, type attribute } from '../base/attributes'
import type { device } from '../base/device'
import { physicalMemory } from '../mm/physical'
import { kernelLog } from '../printk/log'
import { report } from '../report'
import { allocCoherent, freeCoherent, LINEAR_MAP } from './coherent'
import type { DmaMapping } from './mappings'
import { addressText, deviceWords } from './once'

/**
 * Small blocks of coherent memory, all of a size: mm/dmapool.c (DMA-41). The list of free blocks
 * is kept in the blocks: the first 8 bytes are the CPU's address of the next one, the second 8 the
 * device's address of this one. A device that writes into a free block breaks the list.
 */
export class dma_pool extends KernelObject {
  readonly name: string
  readonly size: number
  /** @internal */
  readonly $dev: device
  /** @internal No block crosses a multiple of this. */
  readonly $boundary: number
  /** @internal */
  readonly $pages: DmaMapping[] = []
  /** @internal The CPU's address of the first free block; 0: none. */
  $next = 0
  /** @internal Blocks in all, and those that are out. */
  $blocks = 0
  $active = 0

  constructor(name: string, dev: device, size: number, boundary: number) {
    super()
    this.name = name
    this.$dev = dev
    this.size = size
    this.$boundary = boundary
  }
}

const BLOCK_MIN = 16
const POISON_FREED = 0xa7
const POISON_ALLOCATED = 0xa9
const GFP_ZERO = 0x100

/** All pools of a machine, and whether free blocks are poisoned (CONFIG_SLUB_DEBUG_ON). */
class DmaPools {
  debug = false
  readonly of = new Map<device, dma_pool[]>()
}

export const dmaPools = service(() => new DmaPools())

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
  const pool = new dma_pool(name, dev, rounded, Math.min(limit, bytes))
  const pools = dmaPools(machine()).of
  const others = pools.get(dev)
  if (others) others.push(pool)
  else {
    pools.set(dev, [pool])
    createFile(dev.kobj, poolsFile)
  }
  return pool
}

const pad = (text: string | number, width: number): string => String(text).padStart(width)

const poolsFile = wrapAttribute({
  attr: { name: 'pools', mode: 0o444 } as attribute,
  show(dev: device, _attr: unknown, buf: Uint8Array): number {
    let text = 'poolinfo - 0.1\n'
    for (const p of dmaPools(machine()).of.get(dev) ?? [])
      text += `${p.name.padEnd(16)} ${pad(p.$active, 4)} ${pad(p.$blocks, 4)} ${pad(p.size, 4)} ${pad(p.$pages.length, 2)}\n`
    for (let i = 0; i < text.length; i++) buf[i] = text.charCodeAt(i)
    return text.length
  },
})

/** The bytes of a block by the CPU's address; a broken list leads anywhere. */
function blockAt(pool: dma_pool, address: number): Uint8Array {
  const bytes = physicalMemory(machine()).view((address - LINEAR_MAP) as PhysAddr, pool.size)
  if (bytes && address >= LINEAR_MAP) return bytes
  report(machine(), {
    kind: 'dma.pool-corrupted',
    title: `BUG: unable to handle page fault for address: ${addressText(address)}`,
    details: [
      '#PF: supervisor read access in kernel mode',
      `The list of free blocks of pool ${pool.name} is broken: somebody wrote into a free block.`,
    ],
    objects: [pool],
    rules: ['DMA-41'],
    help: 'dma-lifetime',
  })
  throw new TaskDeath('page fault')
}

const words = (block: Uint8Array): DataView => new DataView(block.buffer, block.byteOffset)
const word = (view: DataView, at: number): number =>
  view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true)
function setWord(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 2 ** 32, true)
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true)
}

function push(pool: dma_pool, address: number, dma: number): void {
  const view = words(blockAt(pool, address))
  setWord(view, 0, pool.$next)
  setWord(view, 8, dma)
  pool.$next = address
}

/** The blocks of a new page come out in the order of their addresses. */
function addPage(pool: dma_pool): boolean {
  const page = allocCoherent(pool.$dev, Math.max(pool.size, PAGE_SIZE))
  if (page === null) return false
  pool.$pages.push(page)
  const starts: number[] = []
  for (let at = 0; at + pool.size <= page.size; ) {
    const end = (Math.floor(at / pool.$boundary) + 1) * pool.$boundary
    if (at + pool.size > end) at = end
    else {
      starts.push(at)
      at += pool.size
    }
  }
  if (dmaPools(machine()).debug) page.cpu.fill(POISON_FREED)
  for (const at of starts.reverse()) push(pool, LINEAR_MAP + page.phys + at, page.dma + at)
  pool.$blocks += starts.length
  return true
}

/** A block: the CPU's view and the device's address; null without memory. */
export function allocBlock(pool: dma_pool, gfp: number): { cpu: Uint8Array; dma: number } | null {
  if (pool.$next === 0 && !addPage(pool)) return null
  const address = pool.$next
  const cpu = blockAt(pool, address)
  const view = words(cpu)
  pool.$next = word(view, 0)
  const dma = word(view, 8)
  pool.$active++
  if (dmaPools(machine()).debug) {
    if (cpu.subarray(BLOCK_MIN).some((byte) => byte !== POISON_FREED)) corrupted(pool, address, cpu)
    if (!(gfp & GFP_ZERO)) cpu.fill(POISON_ALLOCATED)
  }
  if (gfp & GFP_ZERO) cpu.fill(0)
  return { cpu, dma }
}

function corrupted(pool: dma_pool, address: number, cpu: Uint8Array): void {
  deviceError(pool, `pool_check_block ${pool.name}, ${addressText(address).slice(2)} (corrupted)`)
  for (let at = 0; at < cpu.length; at += 16) {
    const row = [...cpu.subarray(at, at + 16)]
    const digits = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const text = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'))
    const line = `${at.toString(16).padStart(8, '0')}: ${digits.padEnd(47)}  ${text.join('')}`
    kernelLog(machine()).print(3, `${line}\n`)
  }
}

/** Takes a block back. Only with debugging on is it looked at. */
export function freeBlock(pool: dma_pool, cpu: Uint8Array | null, dma: number): void {
  const phys = cpu && physicalMemory(machine()).addressOf(cpu)
  const address = phys === null ? 0 : LINEAR_MAP + phys
  if (dmaPools(machine()).debug) {
    if (refused(pool, address, dma)) return
    cpu?.fill(POISON_FREED)
  }
  push(pool, address, dma)
  pool.$active--
}

function refused(pool: dma_pool, address: number, dma: number): boolean {
  const what = `pool_block_err ${pool.name}`
  if (!pool.$pages.some((p) => dma >= p.dma && dma < p.dma + p.size)) {
    deviceError(pool, `${what}, ${addressText(address).slice(2)}/${addressText(dma)} (bad dma)`)
    return true
  }
  for (let at = pool.$next; at !== 0; at = word(words(blockAt(pool, at)), 0))
    if (at === address) {
      deviceError(pool, `${what}, dma ${addressText(dma)} already free`)
      return true
    }
  return false
}

/** With a block still out all pages leak, with a message. */
export function destroyPool(pool: dma_pool | null): void {
  if (pool === null) return
  const others = dmaPools(machine()).of.get(pool.$dev) ?? []
  others.splice(others.indexOf(pool), 1)
  const busy = pool.$active !== 0
  if (busy) deviceError(pool, `dma_pool_destroy ${pool.name} busy`)
  for (const page of pool.$pages.splice(0))
    if (!busy) freeCoherent(pool.$dev, page.size, page.cpu, page.dma)
}

function deviceError(pool: dma_pool, text: string): void {
  kernelLog(machine()).print(3, `${deviceWords(pool.$dev)}: ${text}\n`)
}
