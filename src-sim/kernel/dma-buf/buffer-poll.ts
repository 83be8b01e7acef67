import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { ownerOf, type list_head } from '../locking/list'
import { getFile, type file, type poll_table } from '../fs/file'
import { fput } from '../fs/file-table'
import { spinLockIrq, spinLockIrqsave, spinUnlockIrq, spinUnlockIrqrestore } from '../locking/spinlock'
import { memoryAccess } from '../mm/watch'
import { TASK_NORMAL } from '../sched/states'
import { wakeUpQueue } from '../sched/wait-queue'
import { dma_fence_cb, type dma_fence } from './dma-fence'
import { addCallback, getFence, putFence } from './fence-signal'
import type { dma_buf, dma_buf_poll_cb_t } from './buffer'
import { lockResv, unlockResv, USAGE_READ, USAGE_WRITE } from './resv'
import { beginIter, dma_resv_iter, firstLocked, nextLocked } from './resv-iter'

const EPOLLIN = 0x1
const EPOLLOUT = 0x4
const EPOLLERR = 0x8

/** A fence is over, or there was none: wakes the waiters and lets go of the file. */
function* dma_buf_poll_cb(fence: dma_fence | null, cb: dma_fence_cb): Sim {
  const slot = ownerOf<dma_buf_poll_cb_t>(cb as unknown as list_head, 'cb')
  const dmabuf = slot.$parent as dma_buf
  const queue = slot.poll!
  const taken = spinLockIrqsave(queue.lock)
  const flags = typeof taken === 'number' ? taken : yield* taken
  const rest = wakeUpQueue(queue, TASK_NORMAL, 1, slot.active)
  if (rest) yield* rest
  slot.active = 0
  spinUnlockIrqrestore(queue.lock, flags)
  yield* putFence(fence)
  fput(dmabuf.file!)
}

/** Waits with the first fence that is not over; false when there is none. */
function* armOn(dmabuf: dma_buf, usage: number, slot: dma_buf_poll_cb_t): Sim<boolean> {
  const iter = new dma_resv_iter()
  beginIter(iter, dmabuf.resv!, usage)
  for (let fence = firstLocked(iter); fence !== null; fence = nextLocked(iter)) {
    getFence(fence)
    const func = dma_buf_poll_cb as unknown as NonNullable<dma_fence_cb['func']>
    if ((yield* addCallback(fence, slot.cb, func)) === 0) return true
    yield* putFence(fence)
  }
  return false
}

/** Takes the slot of an event; false when somebody waits with it. */
function* claim(dmabuf: dma_buf, slot: dma_buf_poll_cb_t, event: number): Sim<boolean> {
  const waits = spinLockIrq(dmabuf.poll.lock)
  if (waits) yield* waits
  const free = slot.active === 0
  if (free) slot.active = event
  spinUnlockIrq(dmabuf.poll.lock)
  return free
}

/** Whether the event is there; if not, whoever waits will be told (DBUF-39). */
function* isReady(dmabuf: dma_buf, event: number): Sim<boolean> {
  const slot = event === EPOLLOUT ? dmabuf.cb_out : dmabuf.cb_in
  if (!(yield* claim(dmabuf, slot, event))) return false
  getFile(dmabuf.file!)
  if (yield* armOn(dmabuf, event === EPOLLOUT ? USAGE_READ : USAGE_WRITE, slot)) return false
  yield* dma_buf_poll_cb(null, slot.cb)
  return true
}

/** Readable when nobody writes, writable when nobody uses it at all; only what is asked for. */
export function* pollBuffer(f: file, table: poll_table): Sim<number> {
  const dmabuf = f.private_data as dma_buf
  if (!dmabuf?.resv) return EPOLLERR
  memoryAccess(machine()).touch(dmabuf, 'poll', true, 'dma_buf_poll')
  table.queues.push(dmabuf.poll)
  const wanted = table._key & (EPOLLIN | EPOLLOUT)
  if (wanted === 0) return 0
  yield* lockResv(dmabuf.resv)
  let ready = 0
  for (const event of [EPOLLOUT, EPOLLIN])
    if (wanted & event && (yield* isReady(dmabuf, event))) ready |= event
  unlockResv(dmabuf.resv)
  return ready
}
