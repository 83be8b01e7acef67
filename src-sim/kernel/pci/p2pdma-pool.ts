import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import { point, type Sim } from '../../engine/suspend'
import { createGroups, removeGroups, type attribute_group } from '../base/attributes'
import { deviceLog } from '../base/core'
import type { device_attribute } from '../base/device'
import { addDevres } from '../base/devres'
import { EINVAL, ENOMEM } from '../errno'
import {
  initPercpuRef, killPercpuRef, percpu_ref, putPercpuRef, tryGetPercpuRef,
} from '../locking/percpu-ref'
import { faultInjection } from '../mm/fault-injection'
import { unmapPagemap } from '../mm/pgmap'
import { IORESOURCE_MEM, resourceSize } from '../platform/resource'
import { complete, completion, waitForCompletion } from '../sched/completion'
import { pciDev } from './bus'
import { mmioSpace } from './mmio'
import type { p2pdma_provider } from './p2pdma'
import { initP2pdma } from './p2pdma'
import { makeP2pPages, P2pPagemap } from './p2pdma-pages'
import type { pci_dev } from './pci-dev'

/** Memory of a BAR in portions of pages: the form of P2P-02 that has a `struct page` for each. */

/** One stretch of a BAR that was added. */
export interface P2pChunk {
  readonly provider: p2pdma_provider
  /** Where the CPU has it mapped; only the functions for registers may touch it. */
  readonly virt: number
  readonly phys: number
  readonly size: number
  /** One for the chunk, and one for each portion that is out. */
  readonly ref: percpu_ref
  /** Pages that are out. */
  readonly taken: boolean[]
}

/** What a device has added, and the files that tell about it. */
export class P2pPool {
  readonly chunks: P2pChunk[] = []

  get size(): number {
    return this.chunks.reduce((sum, c) => sum + c.size, 0)
  }

  get available(): number {
    return this.chunks.reduce(
      (sum, c) => sum + c.taken.filter((out) => !out).length * PAGE_SIZE,
      0,
    )
  }

  /** Takes pages that lie together; null when no chunk has that many. */
  take(bytes: number): { chunk: P2pChunk; address: number } | null {
    const count = Math.ceil(bytes / PAGE_SIZE)
    for (const chunk of this.chunks) {
      const first = freeRun(chunk.taken, count)
      if (first < 0) continue
      chunk.taken.fill(true, first, first + count)
      return { chunk, address: chunk.virt + first * PAGE_SIZE }
    }
    return null
  }

  chunkOf(address: number): P2pChunk | null {
    return this.chunks.find((c) => address >= c.virt && address < c.virt + c.size) ?? null
  }

  give(chunk: P2pChunk, address: number, bytes: number): void {
    const first = (address - chunk.virt) / PAGE_SIZE
    chunk.taken.fill(false, first, first + Math.ceil(bytes / PAGE_SIZE))
  }
}

function freeRun(taken: readonly boolean[], count: number): number {
  for (let first = 0; first + count <= taken.length; first++)
    if (!taken.slice(first, first + count).includes(true)) return first
  return -1
}

function file(name: string, value: (pdev: pci_dev) => number): device_attribute {
  return {
    attr: { name, mode: 0o444 },
    show: (dev, _attr, buf) => {
      const text = `${value(pciDev(dev))}\n`
      for (let i = 0; i < text.length; i++) buf[i] = text.charCodeAt(i)
      return text.length
    },
  }
}

const P2PMEM: attribute_group = {
  name: 'p2pmem',
  attrs: [
    file('size', (p) => p.$p2pdma?.pool?.size ?? 0),
    file('available', (p) => p.$p2pdma?.pool?.available ?? 0),
    file('published', (p) => (p.$p2pdma?.published ? 1 : 0)),
  ],
}

/** P2P-02: makes pages of a BAR, from `offset` on; size 0: the rest of it. 0 or -errno. */
export function* addP2pResource(
  pdev: pci_dev, bar: number, size: number, offset: number,
): Sim<number> {
  const r = pdev.resource[bar]
  if (!r || !(r.flags & IORESOURCE_MEM)) return -EINVAL
  const length = resourceSize(r)
  if (offset >= length) return -EINVAL
  const bytes = size || length - offset
  if (bytes + offset > length) return -EINVAL
  const error = yield* initP2pdma(pdev)
  if (error) return error
  const p2pdma = pdev.$p2pdma!
  if (faultInjection(machine()).shouldFail('devm_memremap_pages')) return -ENOMEM
  if (!p2pdma.pool) {
    p2pdma.pool = new P2pPool()
    createGroups(pdev.dev.kobj, [P2PMEM])
  }
  const failed = addChunk(pdev, p2pdma.mem[bar]!, r.start + offset, bytes)
  if (failed) return failed
  const [first, last] = [r.start + offset, r.start + offset + bytes - 1]
  const range = `0x${first.toString(16)}-0x${last.toString(16)}`
  deviceLog(pdev.dev, 6, `added peer-to-peer DMA memory ${range}`)
  return 0
}

function addChunk(
  pdev: pci_dev, provider: p2pdma_provider, phys: number, size: number,
): number {
  const pgmap = new P2pPagemap(provider, phys, size)
  const error = makeP2pPages(pgmap)
  if (error) return error
  const ref = new percpu_ref()
  const drained = new completion()
  initPercpuRef(ref, () => complete(drained), true, false)
  const chunk: P2pChunk = {
    provider,
    virt: mmioSpace(machine()).map(phys, size, pdev),
    phys,
    size,
    ref,
    taken: Array.from({ length: Math.ceil(size / PAGE_SIZE) }, () => false),
  }
  pdev.$p2pdma!.pool!.chunks.push(chunk)
  addDevres(pdev.dev, {
    name: 'devm_memremap_pages_release',
    key: chunk,
    release: (() => drain(chunk, pgmap, drained)) as unknown as () => void,
  })
  return 0
}

/** Waits until everything is back, however long that takes (P2P-02). */
function* drain(chunk: P2pChunk, pgmap: P2pPagemap, drained: completion): Sim {
  yield* killPercpuRef(chunk.ref, null)
  yield point(drain, chunk.ref)
  const waiting = waitForCompletion(drained)
  if (waiting) yield* waiting
  unmapPagemap(pgmap)
  mmioSpace(machine()).unmap(chunk.virt)
}

export function* removePoolFiles(pdev: pci_dev): Sim {
  yield* removeGroups(pdev.dev.kobj, [P2PMEM])
}

/** Portions of a device's memory: the address for the CPU, or 0 (P2P-02). */
export function* allocP2pmem(pdev: pci_dev, size: number): Sim<number> {
  const pool = pdev.$p2pdma?.pool
  if (!pool || size <= 0 || faultInjection(machine()).shouldFail('pci_alloc_p2pmem')) return 0
  const found = pool.take(size)
  if (!found) return 0
  yield point(allocP2pmem, pdev)
  if (tryGetPercpuRef(found.chunk.ref, 1, true)) return found.address
  pool.give(found.chunk, found.address, size)
  return 0
}

/** Gives a portion back; the last one lets an unbinding that waits go on. */
export function* freeP2pmem(pdev: pci_dev, address: number, size: number): Sim {
  const pool = pdev.$p2pdma?.pool ?? null
  const chunk = pool?.chunkOf(address)
  if (!pool || !chunk) return
  pool.give(chunk, address, size)
  yield* putPercpuRef(chunk.ref, 1)
}

/** The address of a portion on the PCI bus; 0 for what is none. */
export function busAddressOf(pdev: pci_dev, address: number): number {
  const chunk = address ? pdev.$p2pdma?.pool?.chunkOf(address) : null
  return chunk ? chunk.phys + (address - chunk.virt) + chunk.provider.bus_offset : 0
}

/** The device with published memory that is nearest to all clients; null when none can. */
export function nearestProvider(
  all: readonly pci_dev[],
  distance: (pdev: pci_dev) => number,
): pci_dev | null {
  let best: pci_dev[] = []
  let nearest = Infinity
  for (const pdev of all) {
    if (!pdev.$p2pdma?.published) continue
    const d = distance(pdev)
    if (d < 0 || d > nearest) continue
    if (d < nearest) best = []
    nearest = d
    best.push(pdev)
  }
  return best.length > 0 ? best[machine().nextRandom() % best.length]! : null
}
