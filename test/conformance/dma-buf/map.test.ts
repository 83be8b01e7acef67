import { expect, it } from 'vitest'
import { buffers } from '../../../src-sim/kernel/dma-buf/buffer-list'
import { msleep } from '../../../src-sim/linux/delay'
import * as b from '../../../src-sim/linux/dma-buf'
import * as r from '../../../src-sim/linux/dma-resv'
import * as kt from '../../../src-sim/linux/kthread'
import { sim } from '../../sim/harness'
import { checked, type Say } from '../checked'
import { newFence } from '../dma-fence/support'
import { err, exported, gen, locked, newDevice, newTable, pinning, telling } from './support'

function* attached(say: Say, more: Partial<b.dma_buf_ops>, io: b.dma_buf_attach_ops | null = null) {
  const dmabuf = yield* exported({ ...telling(say), attach: null, ...more })
  const attach = yield* sim(b.dma_buf_dynamic_attach(dmabuf, newDevice('a'), io, null))
  return { dmabuf, attach }
}

/** Signals the fence after 10 ms. */
function* signalLater(fence: b.dma_fence, say: Say) {
  const body = gen(function* () {
    yield* sim(msleep(10))
    say('signal')
    yield* sim(b.dma_fence_signal(fence))
    return 0
  })
  yield* sim(kt.kthread_run(body, null, 'signaler'))
}

function* addKernelFence(dmabuf: b.dma_buf, usage = r.DMA_RESV_USAGE_KERNEL) {
  const fence = newFence()
  yield* locked(dmabuf, function* () {
    yield* sim(r.dma_resv_reserve_fences(dmabuf.resv!, 1))
    yield* sim(r.dma_resv_add_fence(dmabuf.resv!, fence, usage))
  })
  return fence
}

it('DBUF-13 mapping: nothing is -EINVAL, NULL is -ENOMEM, errors are passed on', () => {
  const { log, kinds } = checked(function* (say) {
    say(err(yield* sim(b.dma_buf_map_attachment(null, 0))))
    say(err(yield* sim(b.dma_buf_map_attachment_unlocked(null, 0))))
    for (const answer of [null, b.ERR_PTR(-4)]) {
      const { attach } = yield* attached(say, { map_dma_buf: () => answer as never })
      say(err(yield* sim(b.dma_buf_map_attachment_unlocked(attach, 0))))
    }
  })
  expect(log).toEqual(['-22', '-22', '-12', '-4'])
  expect(kinds).toEqual(['warn.dma-buf-null', 'warn.dma-buf-null'])
})

it('DBUF-13 two mappings of one attachment: the core does not count, nor look at the direction', () => {
  const { log, kinds } = checked(function* (say) {
    const table = newTable()
    const { attach } = yield* attached(say, { map_dma_buf: () => table })
    const one = yield* sim(b.dma_buf_map_attachment_unlocked(attach, 1))
    say(one === (yield* sim(b.dma_buf_map_attachment_unlocked(attach, 2))))
    for (const dir of [0, 2]) yield* sim(b.dma_buf_unmap_attachment_unlocked(attach, one, dir))
  })
  expect([log, kinds]).toEqual([['true', 'unmap L', 'unmap L'], []])
})

it('DBUF-14 static: pin, map, wait; unmap, unpin; attaching does not pin', () => {
  const { log } = checked(function* (say) {
    const { attach } = yield* attached(say, pinning(say))
    say('attached')
    const table = yield* sim(b.dma_buf_map_attachment_unlocked(attach, 0))
    yield* sim(b.dma_buf_unmap_attachment_unlocked(attach, table, 0))
  })
  expect(log).toEqual(['attached', 'pin L', 'map L', 'unmap L', 'unpin L'])
})

it('DBUF-14 a pin that fails: -EBUSY warns once, others are silent; map is not called', () => {
  const { log, kinds } = checked(function* (say) {
    for (const ret of [-16, -16, -12]) {
      const { attach } = yield* attached(say, pinning(say, ret))
      say(err(yield* sim(b.dma_buf_map_attachment_unlocked(attach, 0))))
    }
  })
  expect(log).toEqual(['pin L', '-16', 'pin L', '-16', 'pin L', '-12'])
  expect(kinds).toEqual(['warn.dma-buf-pin-busy'])
})

it('DBUF-14 a map that fails after the pin is unwound', () => {
  const { log } = checked(function* (say) {
    const { attach } = yield* attached(say, { ...pinning(say), map_dma_buf: () => null })
    say(err(yield* sim(b.dma_buf_map_attachment_unlocked(attach, 0))))
  })
  expect(log).toEqual(['pin L', 'unpin L', '-12'])
})

it('DBUF-14 a dynamic importer is not pinned, whether or not it has a hook', () => {
  const { log } = checked(function* (say) {
    for (const io of [{}, { invalidate_mappings: () => {} }]) {
      const { attach } = yield* attached(say, pinning(say), io)
      const table = yield* sim(b.dma_buf_map_attachment_unlocked(attach, 0))
      yield* sim(b.dma_buf_unmap_attachment_unlocked(attach, table, 0))
    }
  })
  expect(log).toEqual(['map L', 'unmap L', 'map L', 'unmap L'])
})

it('DBUF-15 static: the core waits for KERNEL fences after the mapping, under the lock', () => {
  const { log } = checked(function* (say) {
    const { dmabuf, attach } = yield* attached(say, {})
    yield* signalLater(yield* addKernelFence(dmabuf), say)
    yield* sim(b.dma_buf_map_attachment_unlocked(attach, 0))
    say('mapped')
  })
  expect(log).toEqual(['map L', 'signal', 'mapped'])
})

it('DBUF-15 static: other fences are not waited for; dynamic: none is', () => {
  const { log } = checked(function* (say) {
    const one = yield* attached(say, {})
    yield* addKernelFence(one.dmabuf, r.DMA_RESV_USAGE_WRITE)
    yield* sim(b.dma_buf_map_attachment_unlocked(one.attach, 0))
    const two = yield* attached(say, {}, {})
    yield* addKernelFence(two.dmabuf)
    yield* sim(b.dma_buf_map_attachment_unlocked(two.attach, 0))
    say('mapped')
  })
  expect(log).toEqual(['map L', 'map L', 'mapped'])
})

it('DBUF-16 unmapping nothing is a WARN and does nothing', () => {
  const { log, kinds } = checked(function* (say) {
    const { attach } = yield* attached(say, {})
    yield* sim(b.dma_buf_unmap_attachment(null, newTable(), 0))
    yield* sim(b.dma_buf_unmap_attachment_unlocked(attach, null, 0))
  })
  expect([log, kinds]).toEqual([[], ['warn.dma-buf-null', 'warn.dma-buf-null']])
})

it('DBUF-17 with CONFIG_DMABUF_DEBUG the importer gets a copy without pages', () => {
  const { log } = checked(function* (say, machine) {
    buffers(machine).debug = true
    const table = newTable(2)
    const { attach } = yield* attached(say, {
      map_dma_buf: () => table,
      unmap_dma_buf: (_, back) => say('back', back === table),
    })
    const copy = yield* sim(b.dma_buf_map_attachment_unlocked(attach, 0))
    const [sg] = copy.sgl
    say(copy === table, copy.nents, copy.orig_nents, sg!.length, sg!.dma_address, sg!.dma_length)
    yield* sim(b.dma_buf_unmap_attachment_unlocked(attach, copy, 0))
  })
  expect(log).toEqual(['false 1 0 0 4096 8192', 'back true'])
})

it('DBUF-17 without it the exporter\'s own table goes out', () => {
  checked(function* (say) {
    const table = newTable()
    const { attach } = yield* attached(say, { map_dma_buf: () => table })
    expect(yield* sim(b.dma_buf_map_attachment_unlocked(attach, 0))).toBe(table)
  })
})

it('DBUF-18 pinning: the exporter\'s answer, or 0 when it has no pin', () => {
  const { log, kinds } = checked(function* (say) {
    const fixed = yield* attached(say, {}, {})
    say(yield* locked(fixed.dmabuf, () => sim(b.dma_buf_pin(fixed.attach)) as never))
    const moving = yield* attached(say, pinning(say, -12), {})
    say(yield* locked(moving.dmabuf, () => sim(b.dma_buf_pin(moving.attach)) as never))
  })
  expect([log, kinds]).toEqual([['0', 'pin L', '-12'], []])
})

it('DBUF-18 pinning for a static importer is a WARN, and happens all the same', () => {
  const { log, kinds } = checked(function* (say) {
    const { dmabuf, attach } = yield* attached(say, pinning(say))
    yield* locked(dmabuf, function* () {
      yield* sim(b.dma_buf_pin(attach))
      yield* sim(b.dma_buf_unpin(attach))
    })
  })
  expect(log).toEqual(['pin L', 'unpin L'])
  expect(kinds).toEqual(['warn.dma-buf-static-pin', 'warn.dma-buf-static-pin'])
})

it('DBUF-43 DBUF-11 without the lock each call warns and goes on', () => {
  const { log, kinds } = checked(function* (say) {
    const hook = { invalidate_mappings: () => say('hook') }
    const { dmabuf, attach } = yield* attached(say, pinning(say), hook)
    say(yield* sim(b.dma_buf_pin(attach)))
    const table = yield* sim(b.dma_buf_map_attachment(attach, 0))
    yield* sim(b.dma_buf_invalidate_mappings(dmabuf))
    yield* sim(b.dma_buf_unmap_attachment(attach, table, 0))
    yield* sim(b.dma_buf_unpin(attach))
  })
  expect(log).toEqual(['pin -', '0', 'map -', 'hook', 'unmap -', 'unpin -'])
  expect(kinds).toEqual(Array(5).fill('warn.lockdep-assert'))
})
