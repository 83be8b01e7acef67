import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import {
  dma_fence,
  ENABLE_SIGNAL_BIT,
  flaggedSignaled,
  initFence,
  SEQNO64_BIT,
  setFlag,
  testFlag,
  warnFence,
  type dma_fence_ops,
} from './dma-fence'
import { getFence, isSignaled, signal, signalTimestamp } from './fence-signal'
import { allocate } from '../mm/slab'

/** Whether number `a` of the timeline comes after `b`; 32-bit numbers wrap. */
export function isLaterNumber(fence: dma_fence, a: number, b: number): boolean {
  if (testFlag(fence, SEQNO64_BIT, '__dma_fence_is_later')) return a > b
  return ((a - b) | 0) > 0
}

function sameTimeline(a: dma_fence, b: dma_fence, line: number, inside: string): boolean {
  if (a.context === b.context) return true
  const where = `include/linux/dma-fence.h:${line} at ${inside}`
  warnFence('fence-contexts', where, null, 'FENCE-20')
  return false
}

/** Fences of different timelines cannot be compared: says so, and answers false. */
export function isLater(a: dma_fence, b: dma_fence): boolean {
  return sameTimeline(a, b, 604, 'dma_fence_is_later') && isLaterNumber(a, a.seqno, b.seqno)
}

export const isLaterOrSame = (a: dma_fence, b: dma_fence): boolean => a === b || isLater(a, b)

/** The later one, unless it is signaled: then both are, and the answer is null. */
export function* laterOf(a: dma_fence, b: dma_fence): Sim<dma_fence | null> {
  if (!sameTimeline(a, b, 637, 'dma_fence_later')) return null
  const later = isLater(a, b) ? a : b
  return (yield* isSignaled(later)) ? null : later
}

const STUB_OPS: dma_fence_ops = {
  get_driver_name: () => 'stub',
  get_timeline_name: () => 'stub',
}

function initStub(fence: dma_fence): void {
  initFence(fence, STUB_OPS, null, 0, 0)
  setFlag(fence, ENABLE_SIGNAL_BIT, 'dma_fence_init_stub')
}

const stub = service(() => new dma_fence())

/** The fence of all work that never had to be done: signaled, one for all. */
export function* stubFence(): Sim<dma_fence> {
  const fence = stub(machine())
  if (fence.flags === 0) initStub(fence)
  if (!flaggedSignaled(fence)) yield* signal(fence)
  return getFence(fence)
}

/** A signaled fence of one's own; null when memory is short. */
export function* privateStub(timestamp: number): Sim<dma_fence | null> {
  const fence = allocate(dma_fence, true)
  if (fence === null) return null
  initStub(fence)
  yield* signalTimestamp(fence, timestamp)
  return fence
}
