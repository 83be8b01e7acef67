import { machine } from '../../engine/current'
import { call, point, RELAX, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { EDEADLK, EINVAL, ENOENT } from '../errno'
import { initListHead, insert, isEmpty, list_head, ownerOf, unlinkEntry } from '../locking/list'
import { refcountAddNotZero, refGet, refPut } from '../locking/refcount'
import { memoryAccess } from '../mm/watch'
import { kfreeRcu } from '../rcu/update'
import {
  asReader,
  assertFenceLocked,
  driverName,
  ENABLE_SIGNAL_BIT,
  flaggedSignaled,
  lockFence,
  opsOf,
  setFlag,
  SIGNALED_BIT,
  testFlag,
  timelineName,
  TIMESTAMP_BIT,
  unlockFence,
  warnFence,
  type dma_fence,
  type dma_fence_cb,
  type dma_fence_func_t,
} from './dma-fence'
import { beginSignalling, endSignalling } from './fence-lockdep'

/** Signals under the lock of the fence; what hangs on it is called here and now. */
export function* signalLocked(
  fence: dma_fence,
  timestamp: number = machine().nowNs,
  inside = 'dma_fence_signal_timestamp_locked',
): Sim {
  assertFenceLocked(fence, inside)
  if (setFlag(fence, SIGNALED_BIT, inside)) return
  emit(ev.dma_fence_signaled, fence, fence.context, fence.seqno, fence.error)
  const ops = opsOf(fence, inside)
  if (ops !== null && !ops.release && !ops.wait) fence.ops = null
  const called = takeCallbacks(fence)
  fence.timestamp = timestamp
  setFlag(fence, TIMESTAMP_BIT, inside)
  yield* runCallbacks(fence, called)
}

/** Detaches what hangs on the fence. */
function takeCallbacks(fence: dma_fence): list_head {
  const from = fence.cb_list
  const list = new list_head()
  if (!isEmpty(from)) {
    list.next = from.next
    list.prev = from.prev
    list.next!.prev = list
    list.prev!.next = list
    initListHead(from)
  }
  return list
}

const CALLS_BACK = { $name: 'dma_fence_signal_timestamp_locked' }

function* runCallbacks(fence: dma_fence, list: list_head): Sim {
  let node = list.next!
  while (node !== list) {
    const cb = ownerOf<dma_fence_cb>(node, 'node')
    const next = node.next!
    initListHead(node)
    yield point(CALLS_BACK, cb)
    memoryAccess(machine()).touch(cb, 'func', false, 'dma_fence_signal_timestamp_locked')
    const func = cb.func!
    emit(ev.dma_fence_callback, fence, cb, func)
    yield* call(() => func(fence, cb))
    node = next
  }
}

/** Signals; nothing happens the second time. */
export function* signal(fence: dma_fence): Sim {
  if (fence === null) return warnFence('fence-null', 'dma_fence_signal', null, 'FENCE-02')
  const cookie = beginSignalling()
  const flags = yield* lockFence(fence, 'dma_fence_signal')
  yield* signalLocked(fence)
  unlockFence(fence, flags)
  endSignalling(cookie)
}

export function* signalTimestamp(fence: dma_fence, timestamp: number): Sim {
  if (fence === null) return warnFence('fence-null', 'dma_fence_signal_timestamp', null, 'FENCE-02')
  const flags = yield* lockFence(fence, 'dma_fence_signal_timestamp')
  yield* signalLocked(fence, timestamp)
  unlockFence(fence, flags)
}

/** Answers whether it had been signaled before. */
export function* checkAndSignalLocked(fence: dma_fence): Sim<boolean> {
  const was = flaggedSignaled(fence, 'dma_fence_check_and_signal_locked')
  yield* signalLocked(fence)
  return was
}

export function* checkAndSignal(fence: dma_fence): Sim<boolean> {
  const flags = yield* lockFence(fence, 'dma_fence_check_and_signal')
  const was = yield* checkAndSignalLocked(fence)
  unlockFence(fence, flags)
  return was
}

/** True as long as the signal is to come; the driver is asked to announce it, once. */
export function* enableLocked(fence: dma_fence): Sim<boolean> {
  const inside = '__dma_fence_enable_signaling'
  assertFenceLocked(fence, inside)
  const wasEnabled = setFlag(fence, ENABLE_SIGNAL_BIT, inside)
  if (flaggedSignaled(fence, inside)) return false
  if (wasEnabled) return true
  const coming = yield* asReader(function* (): Sim<boolean> {
    const enable = opsOf(fence, inside)?.enable_signaling
    if (!enable) return true
    emit(ev.dma_fence_enable_signal, fence, fence.context, fence.seqno)
    return yield* call(() => enable(fence))
  })
  if (!coming) yield* signalLocked(fence)
  return coming
}

export function* enableSwSignaling(fence: dma_fence): Sim {
  const flags = yield* lockFence(fence, 'dma_fence_enable_sw_signaling')
  yield* enableLocked(fence)
  unlockFence(fence, flags)
}

/** 0: will be called once; -ENOENT: will not, the fence is signaled. */
export function* addCallback(
  fence: dma_fence,
  cb: dma_fence_cb,
  func: dma_fence_func_t,
): Sim<number> {
  const inside = 'dma_fence_add_callback'
  if (fence === null || !func) {
    warnFence('fence-null', inside, null, 'FENCE-04')
    return -EINVAL
  }
  if (flaggedSignaled(fence, inside)) {
    initListHead(cb.node)
    return -ENOENT
  }
  const flags = yield* lockFence(fence, inside)
  const coming = yield* enableLocked(fence)
  if (coming) {
    cb.func = func
    insert(cb.node, fence.cb_list.prev!, fence.cb_list)
    emit(ev.dma_fence_add_callback, fence, cb, func)
  } else initListHead(cb.node)
  unlockFence(fence, flags)
  return coming ? 0 : -ENOENT
}

/** True: removed, and it will not be called. */
export function* removeCallback(fence: dma_fence, cb: dma_fence_cb): Sim<boolean> {
  const flags = yield* lockFence(fence, 'dma_fence_remove_callback')
  const queued = !isEmpty(cb.node)
  if (queued) {
    unlinkEntry(cb.node, false)
    initListHead(cb.node)
    emit(ev.dma_fence_remove_callback, fence, cb)
  }
  unlockFence(fence, flags)
  return queued
}

/** Asks the driver as well, unless the flag knows it already. */
function* driverSaysSignaled(fence: dma_fence): Sim<boolean> {
  return yield* asReader(function* (): Sim<boolean> {
    const ask = opsOf(fence, 'dma_fence_is_signaled')?.signaled
    return ask ? Boolean(yield* call(() => ask(fence))) : false
  })
}

export function* isSignaled(fence: dma_fence): Sim<boolean> {
  if (flaggedSignaled(fence)) return true
  if (!(yield* driverSaysSignaled(fence))) return false
  yield* signal(fence)
  return true
}

export function* isSignaledLocked(fence: dma_fence): Sim<boolean> {
  if (flaggedSignaled(fence)) return true
  if (!(yield* driverSaysSignaled(fence))) return false
  yield* signalLocked(fence)
  return true
}

/** 0 pending, 1 signaled, negative: signaled with this error. */
export function* statusLocked(fence: dma_fence): Sim<number> {
  return (yield* isSignaledLocked(fence)) ? fence.error || 1 : 0
}

export function* status(fence: dma_fence): Sim<number> {
  const flags = yield* lockFence(fence, 'dma_fence_get_status')
  const result = yield* statusLocked(fence)
  unlockFence(fence, flags)
  return result
}

export function getFence<T extends dma_fence | null>(fence: T): T {
  if (fence !== null) refGet(fence.refcount)
  return fence
}

/** Null when the last reference has been dropped meanwhile. */
export function getFenceRcu(fence: dma_fence): dma_fence | null {
  return refcountAddNotZero(1, fence.refcount) ? fence : null
}

const READS_SLOT = { $name: 'dma_fence_get_rcu_safe' }

/** Reads a slot that others replace at any time, until what it holds can be kept. */
export function* getFenceRcuSafe(slot: { value: dma_fence | null }): Sim<dma_fence | null> {
  for (;;) {
    const fence = slot.value
    if (fence === null) return null
    yield point(READS_SLOT, fence)
    if (getFenceRcu(fence) === null) {
      yield RELAX
      continue
    }
    if (slot.value === fence) return fence
    yield* putFence(fence)
  }
}

export function* putFence(fence: dma_fence | null): Sim {
  if (fence !== null && refPut(fence.refcount)) yield* releaseFence(fence)
}

/** The last reference is gone. Who still hangs on the fence is told that it failed. */
export function* releaseFence(fence: dma_fence): Sim {
  const inside = 'dma_fence_release'
  yield* asReader(function* (): Sim {
    emit(ev.dma_fence_destroy, fence)
    if (!isEmpty(fence.cb_list) && !flaggedSignaled(fence, inside)) yield* failPending(fence)
    const release = opsOf(fence, inside)?.release
    if (release) yield* call(() => release(fence))
    else freeFence(fence)
  })
}

function* failPending(fence: dma_fence): Sim {
  const names = `${yield* driverName(fence)}:${yield* timelineName(fence)}`
  const number = `${fence.context.toString(16)}:${fence.seqno.toString(16)}`
  const text = `Fence ${names}:${number} released with pending signals!`
  warnFence('fence-pending-signals', 'dma_fence_release', text, 'FENCE-10')
  const flags = yield* lockFence(fence, 'dma_fence_release')
  fence.error = -EDEADLK
  yield* signalLocked(fence)
  unlockFence(fence, flags)
}

/** Frees the memory that begins with the fence, after a grace period. */
export function freeFence(fence: dma_fence): void {
  kfreeRcu(fence)
}

/** When it was signaled; the signaler may be about to write it down. */
export function* timestampOf(fence: dma_fence): Sim<number> {
  const inside = 'dma_fence_timestamp'
  if (!flaggedSignaled(fence, inside)) {
    warnFence('fence-timestamp', `include/linux/dma-fence.h:711 at ${inside}`, null, 'FENCE-09')
    return machine().nowNs
  }
  while (!testFlag(fence, TIMESTAMP_BIT, inside)) yield RELAX
  return fence.timestamp
}
