import { expect, it } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { msleep } from '../../../src-sim/linux/delay'
import * as b from '../../../src-sim/linux/dma-buf'
import * as r from '../../../src-sim/linux/dma-resv'
import * as kt from '../../../src-sim/linux/kthread'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import { checked, type Say } from '../checked'
import { newFence } from '../dma-fence/support'
import { exported, gen, locked, telling } from './support'

const { POLLIN, POLLOUT } = libc

function* opened(say: Say) {
  const dmabuf = yield* exported(telling(say))
  return { dmabuf, fd: b.dma_buf_fd(dmabuf, 0) }
}

function* addFence(dmabuf: b.dma_buf, usage: number): Sim<b.dma_fence> {
  return yield* locked(dmabuf, function* () {
    const fence = newFence()
    yield* sim(r.dma_resv_reserve_fences(dmabuf.resv!, 1))
    yield* sim(r.dma_resv_add_fence(dmabuf.resv!, fence, usage))
    return fence
  })
}

/** The events that are there after at most so many ms. */
function* poll(fd: number, events: number, ms = 0): Sim<number> {
  const fds = [{ fd, events, revents: 0 }]
  yield* sim(libc.poll(fds, 1, ms))
  return fds[0]!.revents
}

it('DBUF-39 only what is asked for; without fences all of it is ready', () => {
  const { log } = checked(function* (say) {
    const { fd } = yield* opened(say)
    say(yield* poll(fd, 0), yield* poll(fd, POLLIN), yield* poll(fd, POLLIN | POLLOUT))
  })
  expect(log).toEqual(['0 1 5'])
})

it('DBUF-39 readable without writers, writable without anybody', () => {
  const { log } = checked(function* (say) {
    const both = POLLIN | POLLOUT
    for (const usage of [r.DMA_RESV_USAGE_WRITE, r.DMA_RESV_USAGE_READ, r.DMA_RESV_USAGE_BOOKKEEP]) {
      const { dmabuf, fd } = yield* opened(say)
      yield* addFence(dmabuf, usage)
      say(yield* poll(fd, both))
    }
  })
  expect(log).toEqual(['0', '1', '5'])
})

it('DBUF-39 a waiter is woken by the first fence, and asks again', () => {
  const { log } = checked(function* (say) {
    const { dmabuf, fd } = yield* opened(say)
    const fences = [
      yield* addFence(dmabuf, r.DMA_RESV_USAGE_WRITE),
      yield* addFence(dmabuf, r.DMA_RESV_USAGE_WRITE),
    ]
    const signaler = gen(function* () {
      for (const fence of fences) {
        yield* sim(msleep(10))
        say('signal')
        yield* sim(b.dma_fence_signal(fence))
      }
      return 0
    })
    yield* sim(kt.kthread_run(signaler, null, 'signaler'))
    say(yield* poll(fd, POLLIN, 1000))
  })
  expect(log).toEqual(['signal', 'signal', '1'])
})

it('DBUF-39 while somebody waits for a direction, others are told that it is not ready', () => {
  const { log } = checked(function* (say) {
    const { dmabuf, fd } = yield* opened(say)
    const fence = yield* addFence(dmabuf, r.DMA_RESV_USAGE_WRITE)
    say(yield* poll(fd, POLLIN), dmabuf.cb_in.active, dmabuf.cb_out.active)
    dmabuf.cb_out.active = POLLOUT
    yield* sim(b.dma_fence_signal(fence))
    say(yield* poll(fd, POLLIN | POLLOUT))
    dmabuf.cb_out.active = 0
    say(yield* poll(fd, POLLIN | POLLOUT))
  })
  expect(log).toEqual(['0 1 0', '1', '5'])
})

it('DBUF-39 an armed direction keeps the buffer when all descriptors are closed', () => {
  const { log } = checked(function* (say) {
    const { dmabuf, fd } = yield* opened(say)
    const fence = yield* addFence(dmabuf, r.DMA_RESV_USAGE_WRITE)
    yield* poll(fd, POLLIN)
    say(b.file_count(dmabuf.file!))
    yield* sim(libc.close(fd))
    say('closed', b.file_count(dmabuf.file!))
    yield* sim(b.dma_fence_signal(fence))
    yield* sim(libc.usleep(20_000))
    say('later')
  })
  expect(log).toEqual(['2', 'closed 1', 'release -', 'later'])
})
