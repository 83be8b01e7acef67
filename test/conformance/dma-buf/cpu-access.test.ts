import { expect, it } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { msleep } from '../../../src-sim/linux/delay'
import * as b from '../../../src-sim/linux/dma-buf'
import * as r from '../../../src-sim/linux/dma-resv'
import { iosys_map } from '../../../src-sim/linux/iosys-map'
import * as kt from '../../../src-sim/linux/kthread'
import { mutex, mutex_init, mutex_lock, mutex_unlock } from '../../../src-sim/linux/mutex'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import { checked, type Say } from '../checked'
import { newFence } from '../dma-fence/support'
import { exported, gen, locked, telling } from './support'

const { DMA_TO_DEVICE, DMA_FROM_DEVICE, DMA_BIDIRECTIONAL } = b

function* withFence(dmabuf: b.dma_buf, usage: number): Sim<b.dma_fence> {
  return yield* locked(dmabuf, function* () {
    const fence = newFence()
    yield* sim(r.dma_resv_reserve_fences(dmabuf.resv!, 1))
    yield* sim(r.dma_resv_add_fence(dmabuf.resv!, fence, usage))
    return fence
  })
}

const vmapping = (say: Say, ret = 0): Partial<b.dma_buf_ops> => ({
  vmap(_, map) {
    say('vmap')
    if (ret === 0) b.iosys_map_set_vaddr(map, new Uint8Array(8192))
    return ret
  },
  vunmap: () => say('vunmap'),
})

it('DBUF-35 the exporter first, then the fences: writing waits for readers, reading for writers', () => {
  const { log } = checked(function* (say) {
    for (const usage of [r.DMA_RESV_USAGE_BOOKKEEP, r.DMA_RESV_USAGE_READ, r.DMA_RESV_USAGE_WRITE])
      for (const dir of [DMA_TO_DEVICE, DMA_FROM_DEVICE, DMA_BIDIRECTIONAL]) {
        const dmabuf = yield* exported(telling(say))
        const fence = yield* withFence(dmabuf, usage)
        let over = false
        const signaler = gen(function* () {
          yield* sim(msleep(5))
          over = true
          yield* sim(b.dma_fence_signal(fence))
          return 0
        })
        yield* sim(kt.kthread_run(signaler, null, 'signaler'))
        yield* sim(b.dma_buf_begin_cpu_access(dmabuf, dir))
        say(usage, dir, over ? 'waited' : 'at once')
        yield* sim(msleep(20))
      }
  })
  const waits = log.filter((line) => line.endsWith('waited'))
  expect(waits).toEqual(['2 1 waited', '2 0 waited', '1 1 waited', '1 2 waited', '1 0 waited'])
})

it('DBUF-35 an exporter that fails is not followed by a wait; end only asks the exporter', () => {
  const { log } = checked(function* (say) {
    const ops = telling(say, {
      begin_cpu_access: (_, dir) => (say('begin', dir), -11),
      end_cpu_access: (_, dir) => (say('end', dir), -4),
    })
    const dmabuf = yield* exported(ops)
    yield* withFence(dmabuf, r.DMA_RESV_USAGE_WRITE)
    say(yield* sim(b.dma_buf_begin_cpu_access(dmabuf, DMA_TO_DEVICE)))
    say(yield* sim(b.dma_buf_end_cpu_access(dmabuf, DMA_TO_DEVICE)))
    const plain = yield* exported(telling(say))
    say(yield* sim(b.dma_buf_end_cpu_access(plain, DMA_TO_DEVICE)))
  })
  expect(log).toEqual(['begin 1', '-11', 'end 1', '-4', '0'])
})

it('DBUF-35 nothing to begin with: WARN and -EINVAL', () => {
  const { log, kinds } = checked(function* (say) {
    say(yield* sim(b.dma_buf_begin_cpu_access(null, DMA_TO_DEVICE)))
  })
  expect([log, kinds]).toEqual([['-22'], ['warn.dma-buf-null']])
})

it('DBUF-11 the bracket announces the lock: a lock taken inside it and around it is a cycle', () => {
  const { kinds } = checked(function* (say) {
    const inner = new mutex()
    mutex_init(inner, 'inner')
    const dmabuf = yield* exported(telling(say))
    yield* locked(dmabuf, function* () {
      yield* sim(mutex_lock(inner))
      mutex_unlock(inner)
    })
    yield* sim(mutex_lock(inner))
    yield* sim(b.dma_buf_end_cpu_access(dmabuf, DMA_TO_DEVICE))
    mutex_unlock(inner)
  })
  expect(kinds).toEqual(['lockdep.circular'])
})

it('DBUF-38 one mapping for all users, ended with the last one', () => {
  const { log } = checked(function* (say) {
    const dmabuf = yield* exported(telling(say, vmapping(say)))
    const [one, two] = [new iosys_map(), new iosys_map()]
    say(yield* sim(b.dma_buf_vmap_unlocked(dmabuf, one)))
    say(yield* sim(b.dma_buf_vmap_unlocked(dmabuf, two)), one.vaddr === two.vaddr)
    yield* sim(b.dma_buf_vunmap_unlocked(dmabuf, one))
    say('one left')
    yield* sim(b.dma_buf_vunmap_unlocked(dmabuf, two))
  })
  expect(log).toEqual(['vmap', '0', '0 true', 'one left', 'vunmap'])
})

it('DBUF-38 no buffer is a WARN, no operation is silent, a failure warns once', () => {
  const { log, kinds } = checked(function* (say) {
    const map = b.IOSYS_MAP_INIT_VADDR(new Uint8Array(1))
    say(yield* sim(b.dma_buf_vmap_unlocked(null, map)), b.iosys_map_is_null(map))
    say(yield* sim(b.dma_buf_vmap_unlocked(yield* exported(telling(say)), map)))
    const failing = yield* exported(telling(say, vmapping(say, -12)))
    for (let i = 0; i < 2; i++) say(yield* sim(b.dma_buf_vmap_unlocked(failing, map)))
  })
  expect(log).toEqual(['-22 true', '-22', 'vmap', '-12', 'vmap', '-12'])
  expect(kinds).toEqual(['warn.dma-buf-null', 'warn.dma-buf-vmap'])
})

it.each(['unbalanced', 'another pointer'])('DBUF-38 vunmap, %s: a BUG', (how) => {
  const { kinds } = checked(function* (say) {
    const dmabuf = yield* exported(telling(say, vmapping(say)))
    const map = new iosys_map()
    yield* sim(b.dma_buf_vmap_unlocked(dmabuf, map))
    if (how === 'unbalanced') yield* sim(b.dma_buf_vunmap_unlocked(dmabuf, map))
    const wrong = how === 'unbalanced' ? map : b.IOSYS_MAP_INIT_VADDR(new Uint8Array(1))
    yield* sim(b.dma_buf_vunmap_unlocked(dmabuf, wrong))
  })
  expect(kinds).toEqual(['oops.bug'])
})

it('DBUF-38 DBUF-06 a mapping that is left at release: a BUG', () => {
  const { kinds } = checked(function* (say) {
    const dmabuf = yield* exported(telling(say, vmapping(say)))
    yield* sim(b.dma_buf_vmap_unlocked(dmabuf, new iosys_map()))
    b.dma_buf_put(dmabuf)
    yield* sim(libc.usleep(20_000))
  })
  expect(kinds).toEqual(['oops.bug'])
})
