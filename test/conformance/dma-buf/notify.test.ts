import { expect, it } from 'vitest'
import { msleep } from '../../../src-sim/linux/delay'
import * as b from '../../../src-sim/linux/dma-buf'
import * as r from '../../../src-sim/linux/dma-resv'
import * as kt from '../../../src-sim/linux/kthread'
import { sim } from '../../sim/harness'
import { checked, type Say } from '../checked'
import { newFence } from '../dma-fence/support'
import { err, exported, gen, locked, newDevice, newTable, pinning, telling } from './support'

const MAX = Number.MAX_SAFE_INTEGER

const hook = (say: Say, name: string): b.dma_buf_attach_ops => ({
  invalidate_mappings: (a) => say(name, r.dma_resv_is_locked(a.dmabuf!.resv!) ? 'L' : '-'),
})

const attachTo = (dmabuf: b.dma_buf, io: b.dma_buf_attach_ops | null) =>
  sim(b.dma_buf_dynamic_attach(dmabuf, newDevice('a'), io, null))

it('DBUF-19 DBUF-12 every hook, newest attachment first, mapped or not, with the lock held', () => {
  const { log } = checked(function* (say) {
    const dmabuf = yield* exported({ ...telling(say), attach: null })
    const first = yield* attachTo(dmabuf, hook(say, 'first'))
    yield* attachTo(dmabuf, null)
    yield* attachTo(dmabuf, {})
    yield* attachTo(dmabuf, hook(say, 'second'))
    yield* sim(b.dma_buf_map_attachment_unlocked(first, 0))
    yield* locked(dmabuf, () => sim(b.dma_buf_invalidate_mappings(dmabuf)) as never)
  })
  expect(log).toEqual(['map L', 'second L', 'first L'])
})

it('DBUF-20 a hook that takes the lock waits for itself: lockdep says so', () => {
  const { kinds } = checked(
    function* (say) {
      const dmabuf = yield* exported(telling(say))
      yield* attachTo(dmabuf, {
        invalidate_mappings: gen(function* (a: b.dma_buf_attachment) {
          yield* sim(r.dma_resv_lock(a.dmabuf!.resv!, null))
        }),
      })
      yield* locked(dmabuf, () => sim(b.dma_buf_invalidate_mappings(dmabuf)) as never)
    },
    { untilNs: 1e9 },
  )
  expect(kinds[0]).toBe('lockdep.recursive')
})

it('DBUF-20 a hook may unmap at once, when the device has stopped', () => {
  const { log, kinds } = checked(function* (say) {
    const dmabuf = yield* exported({ ...telling(say), attach: null })
    let table: b.sg_table | null = null
    const attach = yield* attachTo(dmabuf, {
      invalidate_mappings: gen(function* (a: b.dma_buf_attachment) {
        if (table) yield* sim(b.dma_buf_unmap_attachment(a, table, 0))
        table = null
      }),
    })
    table = yield* sim(b.dma_buf_map_attachment_unlocked(attach, 0))
    yield* locked(dmabuf, () => sim(b.dma_buf_invalidate_mappings(dmabuf)) as never)
    yield* sim(b.dma_buf_detach(dmabuf, attach))
  })
  expect(log).toEqual(['map L', 'unmap L', 'detach -'])
  expect(kinds).toEqual([])
})

/** Adds a fence under the held lock. */
function* addFence(dmabuf: b.dma_buf, usage: number) {
  const fence = newFence()
  yield* sim(r.dma_resv_reserve_fences(dmabuf.resv!, 1))
  yield* sim(r.dma_resv_add_fence(dmabuf.resv!, fence, usage))
  return fence
}

it('DBUF-21 DBUF-22 DBUF-23 a move: told, copied behind all fences, mapped anew behind the copy', () => {
  const { log } = checked(function* (say) {
    let place = 0x1000
    const ops = telling(say, {
      attach: null,
      map_dma_buf() {
        const table = newTable()
        table.sgl[0]!.dma_address = place
        return table
      },
    })
    const dmabuf = yield* exported(ops)
    const attach = yield* attachTo(dmabuf, hook(say, 'stale'))
    const old = yield* sim(b.dma_buf_map_attachment_unlocked(attach, 0))
    const copied = yield* locked(dmabuf, function* () {
      yield* addFence(dmabuf, r.DMA_RESV_USAGE_BOOKKEEP)
      yield* sim(b.dma_buf_invalidate_mappings(dmabuf))
      const all = b.ptr<b.dma_fence[] | null>(null)
      yield* sim(r.dma_resv_get_fences(dmabuf.resv!, r.DMA_RESV_USAGE_BOOKKEEP, b.ptr(0), all))
      say('the copy waits for', all.value!.length)
      const fence = yield* addFence(dmabuf, r.DMA_RESV_USAGE_KERNEL)
      place = 0x9000
      return fence
    })
    yield* sim(b.dma_buf_unmap_attachment_unlocked(attach, old, 0))
    const anew = yield* sim(b.dma_buf_map_attachment_unlocked(attach, 0))
    const wait = (ticks: number) =>
      sim(r.dma_resv_wait_timeout(dmabuf.resv!, r.DMA_RESV_USAGE_KERNEL, false, ticks))
    say(anew.sgl[0]!.dma_address, yield* wait(0))
    yield* sim(b.dma_fence_signal(copied))
    say(yield* wait(0))
  })
  expect(log).toEqual(['stale L', 'the copy waits for 1', 'unmap L', '36864 0', '1'])
})

it('DBUF-24 DBUF-29 a full revoke: flag, hooks, fences, and the last unmap; then maps fail', () => {
  const { log, kinds } = checked(function* (say) {
    let revoked = false
    let mapped = 0
    const ops = telling(say, {
      attach: null,
      map_dma_buf: () => (revoked ? b.ERR_PTR(-19) : (mapped++, newTable())),
      unmap_dma_buf: () => void mapped--,
    })
    const dmabuf = yield* exported(ops)
    const attach = yield* attachTo(dmabuf, hook(say, 'revoked'))
    const table = yield* sim(b.dma_buf_map_attachment_unlocked(attach, 0))
    const fence = yield* locked(dmabuf, () => addFence(dmabuf, r.DMA_RESV_USAGE_BOOKKEEP))
    const importer = gen(function* () {
      yield* sim(msleep(10))
      say('signal')
      yield* sim(b.dma_fence_signal(fence))
      yield* sim(msleep(10))
      say('unmap')
      yield* sim(b.dma_buf_unmap_attachment_unlocked(attach, table, 0))
      return 0
    })
    yield* sim(kt.kthread_run(importer, null, 'importer'))
    yield* locked(dmabuf, function* () {
      revoked = true
      yield* sim(b.dma_buf_invalidate_mappings(dmabuf))
      yield* sim(r.dma_resv_wait_timeout(dmabuf.resv!, r.DMA_RESV_USAGE_BOOKKEEP, false, MAX))
      say('quiet')
    })
    while (mapped > 0) yield* sim(msleep(1))
    say('gone', err(yield* sim(b.dma_buf_map_attachment_unlocked(attach, 0))))
  })
  expect(log).toEqual(['revoked L', 'signal', 'quiet', 'unmap', 'gone -19'])
  expect(kinds).toEqual([])
})

it('DBUF-18 DBUF-24 a pin keeps a buffer from moving, not from being revoked', () => {
  const { log } = checked(function* (say) {
    const dmabuf = yield* exported({ ...telling(say), attach: null, ...pinning(say) })
    const attach = yield* attachTo(dmabuf, hook(say, 'revoked'))
    yield* locked(dmabuf, () => sim(b.dma_buf_pin(attach)) as never)
    yield* locked(dmabuf, () => sim(b.dma_buf_invalidate_mappings(dmabuf)) as never)
  })
  expect(log).toEqual(['pin L', 'revoked L'])
})
