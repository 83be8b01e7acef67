import { machine, now } from '../../engine/current'
import { hidden, KernelObject } from '../../engine/object'
import type { Sim } from '../../engine/suspend'
import { irq_work, irqWorks } from '../irq/irq-work'
import { AtomicCounter, loadAcquire, result, store } from '../locking/atomic'
import { embedMembers } from '../mm/embed'
import { ensure } from '../../base/assert'
import {
  dma_fence,
  dma_fence_cb,
  ENABLE_SIGNAL_BIT,
  initFence,
  ownLockClass,
  setDeadline,
  testFlag,
  warnFence,
  type dma_fence_func_t,
  type dma_fence_ops,
} from './dma-fence'
import { addCallback, freeFence, getFence, isSignaled, putFence, signal } from './fence-signal'

/** No child has failed yet. Children report negative numbers. */
const PENDING_ERROR = 1

/** Is signaled when all of its fences are. It holds a reference on each of them (FENCE-16). */
export class dma_fence_array extends KernelObject {
  base = new dma_fence()
  num_fences = 0
  num_pending = new AtomicCounter()
  fences: readonly dma_fence[] = []
  work = new irq_work()
  /** @internal One for each fence. */
  readonly $callbacks: dma_fence_cb[] = []

  constructor() {
    super()
    embedMembers(this)
  }
}

export const arrayOf = (fence: dma_fence | null): dma_fence_array | null =>
  fence !== null && fence.ops === ARRAY_OPS ? (hidden(fence).$parent as dma_fence_array) : null

function childFailed(array: dma_fence_array, error: number): void {
  if (error && array.base.error === PENDING_ERROR) array.base.error = error
}

function noneFailed(array: dma_fence_array): void {
  if (array.base.error === PENDING_ERROR) array.base.error = 0
}

const lastPending = (array: dma_fence_array): boolean =>
  result(array.num_pending, (n) => n - 1) === 0

/** Signaling is left to an interrupt: the last child's lock is held where this is noticed. */
function childSignaled(array: dma_fence_array, child: dma_fence): Sim | void {
  childFailed(array, child.error)
  if (!lastPending(array)) return putFence(array.base)
  irqWorks(machine()).queue(array.work, ensure(now.cpu, 'a fence is signaled outside every CPU'))
  return undefined
}

function* signalArray(array: dma_fence_array): Sim {
  noneFailed(array)
  yield* signal(array.base)
  yield* putFence(array.base)
}

function* enableArray(fence: dma_fence): Sim<boolean> {
  const array = arrayOf(fence)!
  for (const child of array.fences) {
    const cb = new dma_fence_cb()
    array.$callbacks.push(cb)
    getFence(fence)
    const func = function dma_fence_array_cb_func(of: dma_fence): Sim | void {
      return childSignaled(array, of)
    }
    if ((yield* addCallback(child, cb, func as dma_fence_func_t)) === 0) continue
    childFailed(array, child.error)
    yield* putFence(fence)
    if (!lastPending(array)) continue
    noneFailed(array)
    return false
  }
  return true
}

/** Before it is enabled the children are asked, afterwards they have told. */
function* arraySignaled(fence: dma_fence): Sim<boolean> {
  const array = arrayOf(fence)!
  let pending = loadAcquire(array.num_pending)
  if (!testFlag(fence, ENABLE_SIGNAL_BIT, 'dma_fence_array_signaled'))
    for (const child of array.fences) if (pending > 0 && (yield* isSignaled(child))) pending--
  if (pending > 0) return false
  noneFailed(array)
  return true
}

function* releaseArray(fence: dma_fence): Sim {
  for (const child of arrayOf(fence)!.fences) yield* putFence(child)
  freeFence(fence)
}

function* arrayDeadline(fence: dma_fence, deadline: number): Sim {
  for (const child of arrayOf(fence)!.fences) yield* setDeadline(child, deadline)
}

const ARRAY_OPS = {
  get_driver_name: () => 'dma_fence_array',
  get_timeline_name: () => 'unbound',
  enable_signaling: enableArray,
  signaled: arraySignaled,
  release: releaseArray,
  set_deadline: arrayDeadline,
} as unknown as dma_fence_ops

/** Takes over the list and the references in it. */
export function initArray(
  array: dma_fence_array,
  count: number,
  fences: readonly dma_fence[] | null,
  context: number,
  seqno: number,
  isContainer: (fence: dma_fence) => boolean,
): void {
  const warn = (): void =>
    warnFence(
      'fence-array',
      'drivers/dma-buf/dma-fence-array.c at dma_fence_array_init',
      null,
      'FENCE-16',
    )
  if (count === 0 || fences === null) warn()
  array.num_fences = count
  array.fences = (fences ?? []).slice(0, count)
  initFence(array.base, ARRAY_OPS, null, context, seqno)
  ownLockClass(array.base, 'dma_fence_array_lock_key')
  array.work.func = (() => signalArray(array)) as unknown as typeof array.work.func
  store(array.num_pending, count)
  array.base.error = PENDING_ERROR
  for (const fence of array.fences) if (isContainer(fence)) warn()
}
