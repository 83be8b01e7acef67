import { PAGE_SIZE } from '../../base/units'
import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import type { DmaDevice } from '../dma/dma-device'
import { syncSg } from '../dma/mapping-sg'
import type { sg_table } from '../dma/sg'
import { errPtr, isErr } from '../err'
import { ENOMEM } from '../errno'
import type { vm_area_struct } from '../mm/vma'
import { allocPages, freePages } from '../mm/page-alloc'
import { remapFrames } from '../mm/map-pages'
import { pfnToPage } from '../mm/page'
import { mapPages } from '../mm/vmalloc'
import type { iosys_map } from '../lib/iosys-map'
import { defineMutex, mutexLock, mutexUnlock, type mutex } from '../locking/mutex'
import { dma_buf_export_info, type dma_buf, type dma_buf_attachment, type dma_buf_ops } from './buffer'
import { addHeap, type dma_heap } from './dma-heap'
import { exportBuffer } from './export'
import { freeTable, mapTable, tableOf, unmapTable, type Run } from './page-tables'

/** The orders in which memory is asked for, biggest first. */
const ORDERS = [8, 4, 0]

interface Attached {
  dev: DmaDevice
  table: sg_table
  mapped: boolean
}

/** Memory in pieces, and who has it mapped. */
class SystemBuffer {
  readonly runs: Run[]
  readonly attachments: Attached[] = []
  readonly lock: mutex = defineMutex('&buffer->lock')
  constructor(runs: Run[]) {
    this.runs = runs
  }
}

const bufferOf = (dmabuf: dma_buf): SystemBuffer => dmabuf.priv as SystemBuffer

function* underLock<T>({ lock }: SystemBuffer, body: () => T): Sim<T> {
  const waits = mutexLock(lock)
  if (typeof waits !== 'number') yield* waits
  const result = body()
  mutexUnlock(lock)
  return result
}

/** The one table of an attachment is made with it: every mapping answers the same (DBUF-13). */
function* attach(dmabuf: dma_buf, a: dma_buf_attachment): Sim<number> {
  const buffer = bufferOf(dmabuf)
  const table = tableOf(buffer.runs)
  if (table === null) return -ENOMEM
  const attached: Attached = { dev: a.dev!, table, mapped: false }
  a.priv = attached
  yield* underLock(buffer, () => buffer.attachments.push(attached))
  return 0
}

function* detach(dmabuf: dma_buf, a: dma_buf_attachment): Sim {
  const buffer = bufferOf(dmabuf)
  const attached = a.priv as Attached
  yield* underLock(buffer, () => buffer.attachments.splice(buffer.attachments.indexOf(attached), 1))
  freeTable(attached.table)
}

function map_dma_buf(a: dma_buf_attachment, dir: number): sg_table {
  const attached = a.priv as Attached
  const ret = mapTable(attached.dev, attached.table, dir)
  if (ret) return errPtr(ret)
  attached.mapped = true
  return attached.table
}

function unmap_dma_buf(a: dma_buf_attachment, table: sg_table, dir: number): void {
  const attached = a.priv as Attached
  attached.mapped = false
  unmapTable(attached.dev, table, dir)
}

/** Every device that has it mapped hands it over, and gets it back afterwards (DBUF-36). */
const syncAll = (forCpu: boolean) =>
  function* (dmabuf: dma_buf, dir: number): Sim<number> {
    const buffer = bufferOf(dmabuf)
    yield* underLock(buffer, () => {
      for (const { dev, table, mapped } of buffer.attachments)
        if (mapped) syncSg(dev, table.sgl, table.orig_nents, dir, forCpu)
    })
    return 0
  }

/** All of it at once, and for good: nothing finds these mappings again (DBUF-34). */
function mmap(dmabuf: dma_buf, vma: vm_area_struct): number {
  let skip = vma.vm_pgoff
  let at = vma.vm_start
  for (const { first, pages } of bufferOf(dmabuf).runs) {
    const from = Math.min(skip, pages)
    skip -= from
    const left = (vma.vm_end - at) / PAGE_SIZE
    const count = Math.min(pages - from, left)
    if (count === 0) continue
    const ret = remapFrames(vma, at, first.$pfn + from, count * PAGE_SIZE)
    if (ret) return ret
    at += count * PAGE_SIZE
  }
  return 0
}

const pagesOf = ({ runs }: SystemBuffer) =>
  runs.flatMap(({ first, pages }) => Array.from({ length: pages }, (_, i) => pfnToPage(first.$pfn + i)!))

function vmap(dmabuf: dma_buf, map: iosys_map): number {
  const view = mapPages(pagesOf(bufferOf(dmabuf)))
  if (view === null) return -ENOMEM
  map.vaddr = view
  map.is_iomem = false
  return 0
}

function release(dmabuf: dma_buf): void {
  for (const { first, pages } of bufferOf(dmabuf).runs) freePages(first, Math.log2(pages))
}

const OPERATIONS = {
  attach, detach, map_dma_buf, unmap_dma_buf, mmap, vmap, release,
  begin_cpu_access: syncAll(true),
  end_cpu_access: syncAll(false),
} as unknown as dma_buf_ops

/** Zeroed memory in as few pieces as there are; null without memory. */
function takeRuns(count: number): Run[] | null {
  const runs: Run[] = []
  for (let left = count; left > 0; ) {
    const order = ORDERS.find((o) => 1 << o <= left)!
    const first = allocPages({ order, zero: true, compound: order > 0 })
    if (first === null) {
      for (const run of runs) freePages(run.first, Math.log2(run.pages))
      return null
    }
    runs.push({ first, pages: 1 << order })
    left -= 1 << order
  }
  return runs
}

function* allocate(heap: dma_heap, len: number, fdFlags: number): Sim<dma_buf> {
  const runs = takeRuns(len / PAGE_SIZE)
  if (runs === null) return errPtr(-ENOMEM)
  const info = new dma_buf_export_info()
  info.exp_name = heap.name
  info.ops = OPERATIONS
  info.size = len
  info.flags = fdFlags
  info.priv = new SystemBuffer(runs)
  const dmabuf = yield* exportBuffer(info)
  if (isErr(dmabuf)) for (const { first, pages } of runs) freePages(first, Math.log2(pages))
  return dmabuf
}

/** /dev/dma_heap/system: comes when it is first opened. */
export const systemHeap = service((m) => {
  const ops = { allocate } as unknown as Parameters<typeof addHeap>[0]['ops']
  m.runtime.atomic(addHeap({ name: 'system', ops }))
  return ops
})
