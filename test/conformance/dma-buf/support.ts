import type { Sim } from '../../../src-sim/engine/suspend'
import * as b from '../../../src-sim/linux/dma-buf'
import { device } from '../../../src-sim/linux/device'
import type { dma_resv } from '../../../src-sim/linux/dma-resv'
import * as r from '../../../src-sim/linux/dma-resv'
import { scatterlist, sg_init_table, sg_table } from '../../../src-sim/linux/scatterlist'
import { sim } from '../../sim/harness'
import type { Say } from '../checked'

/** A function that may suspend, where a driver's plain function is wanted. */
export const gen = (body: (...args: never[]) => Sim<unknown>): never => body as never

export function newDevice(name: string): device {
  const dev = new device()
  dev.init_name = name
  return dev
}

/** A table of so many pages as an exporter would answer it. */
export function newTable(pages = 1): sg_table {
  const table = new sg_table()
  table.sgl = [new scatterlist()]
  sg_init_table(table.sgl, 1)
  table.sgl[0]!.dma_address = 0x1000
  table.sgl[0]!.dma_length = table.sgl[0]!.length = pages * 4096
  table.nents = table.orig_nents = 1
  return table
}

/** Operations that tell when they are called, and whether the lock is held. */
export function telling(say: Say, more: Partial<b.dma_buf_ops> = {}): b.dma_buf_ops {
  const locked = (dmabuf: b.dma_buf): string => (r.dma_resv_is_locked(dmabuf.resv!) ? 'L' : '-')
  return {
    attach: (dmabuf) => (say('attach', locked(dmabuf)), 0),
    detach: (dmabuf) => say('detach', locked(dmabuf)),
    map_dma_buf: (attach) => (say('map', locked(attach.dmabuf!)), newTable()),
    unmap_dma_buf: (attach) => say('unmap', locked(attach.dmabuf!)),
    release: (dmabuf) => say('release', locked(dmabuf)),
    ...more,
  }
}

/** The pair that makes an exporter one whose buffers may move. */
export const pinning = (say: Say, ret = 0): Partial<b.dma_buf_ops> => ({
  pin: (attach) => (say('pin', r.dma_resv_is_locked(attach.dmabuf!.resv!) ? 'L' : '-'), ret),
  unpin: (attach) => say('unpin', r.dma_resv_is_locked(attach.dmabuf!.resv!) ? 'L' : '-'),
})

export function infoOf(ops: b.dma_buf_ops, more: Partial<b.dma_buf_export_info> = {}) {
  const info = b.DEFINE_DMA_BUF_EXPORT_INFO('info')
  return Object.assign(info, { ops, size: 8192, priv: {}, flags: b.O_RDWR, ...more })
}

/** A new buffer of two pages. */
export function* exported(ops: b.dma_buf_ops, resv: dma_resv | null = null): Sim<b.dma_buf> {
  return yield* sim(b.dma_buf_export(infoOf(ops, { resv })))
}

/** Runs `body` with the reservation lock held. */
export function* locked<T>(dmabuf: b.dma_buf, body: () => Sim<T>): Sim<T> {
  yield* sim(r.dma_resv_lock(dmabuf.resv!, null))
  const result = yield* body()
  r.dma_resv_unlock(dmabuf.resv!)
  return result
}

/** The number in an error pointer. */
export const err = (pointer: unknown): number => b.PTR_ERR(pointer)
