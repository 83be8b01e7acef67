import { expect, it } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import * as b from '../../../src-sim/linux/dma-buf'
import * as ib from '../../../src-sim/linux/rdma/ib_umem'
import { ib_device } from '../../../src-sim/linux/rdma/ib_verbs'
import { sim } from '../../sim/harness'
import { checked, type Say } from '../checked'
import { err, exported, locked, newTable, pinning, telling } from './support'

function rdmaDevice(): ib_device {
  const dev = new ib_device()
  dev.name = dev.dev.init_name = 'mlx5_0'
  return dev
}

/** A buffer of two pages with a descriptor. */
function* opened(say: Say, more: Partial<b.dma_buf_ops> = {}) {
  const map_dma_buf = () => (say('map'), newTable(2))
  const ops = telling(say, { attach: null, map_dma_buf, ...more })
  const dmabuf = yield* exported(ops)
  return { dmabuf, fd: b.dma_buf_fd(dmabuf, 0) }
}

const hook: b.dma_buf_attach_ops = { allow_peer2peer: true, invalidate_mappings: () => {} }

it('DBUF-28 a part that is not there: overflow, beyond the buffer, no pages, no descriptor', () => {
  const { log } = checked(function* (say) {
    const { dmabuf, fd } = yield* opened(say)
    const get = (offset: number, size: number, of = fd) =>
      sim(ib.ib_umem_dmabuf_get(rdmaDevice(), offset, size, of, 0, hook))
    for (const [offset, size] of [[Number.MAX_SAFE_INTEGER, 1], [4096, 8192], [0, 0]] as const)
      say(err(yield* get(offset, size)))
    say(err(yield* get(0, 4096, 99)), b.file_count(dmabuf.file!))
  })
  expect(log).toEqual(['-22', '-22', '-22', '-9 1'])
})

it('DBUF-28 mapping on demand: once, cut to the part; the second time only waits', () => {
  const { log } = checked(function* (say) {
    const { dmabuf, fd } = yield* opened(say)
    const umem = yield* sim(ib.ib_umem_dmabuf_get(rdmaDevice(), 4096, 4096, fd, 0, hook))
    yield* locked(dmabuf, function* () {
      for (let i = 0; i < 2; i++) say(yield* sim(ib.ib_umem_dmabuf_map_pages(umem)))
      const [sg] = umem.sgt.sgl
      say(sg!.dma_address.toString(16), sg!.dma_length, ib.ib_umem_num_pages(umem))
      yield* sim(ib.ib_umem_dmabuf_unmap_pages(umem))
      say(sg!.dma_address.toString(16), sg!.dma_length)
    })
    yield* sim(ib.ib_umem_release(umem))
    say(b.file_count(dmabuf.file!))
  })
  expect(log).toEqual(['map', '0', '0', '2000 4096 1', 'unmap L', '1000 8192', 'detach -', '1'])
})

it('DBUF-28 revoking: the device, then what is mapped, then the pin; once; then maps fail', () => {
  const { log, kinds } = checked(function* (say) {
    const { dmabuf, fd } = yield* opened(say, pinning(say))
    const dev = rdmaDevice()
    const umem = yield* sim(ib.ib_umem_dmabuf_get_pinned_revocable_and_lock(dev, 0, 8192, fd, 0))
    ib.ib_umem_dmabuf_set_revoke_locked(umem, (name) => say('stop', name), 'mr')
    ib.ib_umem_dmabuf_revoke_unlock(umem)
    for (let i = 0; i < 2; i++)
      yield* locked(dmabuf, () => sim(b.dma_buf_invalidate_mappings(dmabuf)) as never)
    say(yield* locked(dmabuf, () => sim(ib.ib_umem_dmabuf_map_pages(umem))))
    yield* sim(ib.ib_umem_release(umem))
  })
  expect(log).toEqual(['pin L', 'map', 'stop mr', 'unmap L', 'unpin L', '-22', 'detach -'])
  expect(kinds).toEqual([])
})

it('DBUF-28 DBUF-25 pinned without a hook: exporters that must revoke refuse it', () => {
  const { log } = checked(function* (say) {
    const attach = (_: b.dma_buf, a: b.dma_buf_attachment): number =>
      a.peer2peer && b.dma_buf_attach_revocable(a) ? 0 : -95
    const { dmabuf, fd } = yield* opened(say, { attach })
    say(err(yield* sim(ib.ib_umem_dmabuf_get_pinned(rdmaDevice(), 0, 4096, fd, 0))))
    const dev = rdmaDevice()
    const umem = yield* sim(ib.ib_umem_dmabuf_get_pinned_revocable_and_lock(dev, 0, 4096, fd, 0))
    say(b.IS_ERR(umem))
    ib.ib_umem_dmabuf_revoke_unlock(umem)
    void dmabuf
  })
  expect(log).toEqual(['-95', 'map', 'false'])
})

it('DBUF-28 a pin or a map that fails is unwound, and the buffer given back', () => {
  const { log } = checked(function* (say) {
    for (const more of [pinning(say, -12), { ...pinning(say), map_dma_buf: () => null }]) {
      const { dmabuf, fd } = yield* opened(say, more)
      const umem = yield* sim(ib.ib_umem_dmabuf_get_pinned(rdmaDevice(), 0, 4096, fd, 0))
      say(err(umem), b.file_count(dmabuf.file!), b.list_empty(dmabuf.attachments))
    }
  })
  expect(log).toEqual(['pin L', 'detach -', '-12 1 true', 'pin L', 'unpin L', 'detach -', '-12 1 true'])
})

it('DBUF-15 DBUF-28 the driver waits for the content where the core does not', () => {
  const { log } = checked(function* (say): Sim {
    const { fd } = yield* opened(say)
    const umem = yield* sim(ib.ib_umem_dmabuf_get_pinned(rdmaDevice(), 0, 4096, fd, ib.IB_ACCESS_LOCAL_WRITE))
    say(umem.writable, umem.pinned, umem.is_dmabuf)
  })
  expect(log).toEqual(['map', 'true true true'])
})
