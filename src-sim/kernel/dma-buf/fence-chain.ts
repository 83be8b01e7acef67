import { machine, now } from '../../engine/current'
import { ensure } from '../../base/assert'
import { hidden, KernelObject } from '../../engine/object'
import type { Sim } from '../../engine/suspend'
import { EINVAL } from '../errno'
import { irq_work, irqWorks } from '../irq/irq-work'
import { refRead } from '../locking/refcount'
import { embedMembers } from '../mm/embed'
import {
  asReader,
  contextAlloc,
  dma_fence,
  dma_fence_cb,
  initFence,
  ownLockClass,
  setDeadline,
  warnFence,
  type dma_fence_func_t,
  type dma_fence_ops,
} from './dma-fence'
import {
  addCallback,
  freeFence,
  getFence,
  getFenceRcuSafe,
  isSignaled,
  putFence,
  signal,
} from './fence-signal'

/**
 * One point of a timeline that user space counts: signaled when its own fence and all points before
 * it are. Points that are signaled drop out of the list as it is walked (FENCE-17).
 */
export class dma_fence_chain extends KernelObject {
  base = new dma_fence()
  prev: dma_fence | null = null
  prev_seqno = 0
  fence: dma_fence | null = null
  cb = new dma_fence_cb()
  work = new irq_work()

  constructor() {
    super()
    embedMembers(this)
  }
}

export const chainOf = (fence: dma_fence | null): dma_fence_chain | null =>
  fence !== null && fence.ops === CHAIN_OPS ? (hidden(fence).$parent as dma_fence_chain) : null

/** The fence of a point; any other fence stands for itself. */
export const containedIn = (fence: dma_fence): dma_fence => chainOf(fence)?.fence ?? fence

function* previous(chain: dma_fence_chain): Sim<dma_fence | null> {
  const slot = {
    get value() {
      return chain.prev
    },
  }
  return yield* asReader(() => getFenceRcuSafe(slot))
}

/** The nearest pending point before `fence`, whose reference is given back, or null. */
export function* walkChain(fence: dma_fence): Sim<dma_fence | null> {
  const chain = chainOf(fence)
  let prev: dma_fence | null = null
  while (chain !== null && (prev = yield* previous(chain)) !== null) {
    if (!(yield* isSignaled(containedIn(prev)))) break
    const before = chainOf(prev)
    const replacement: dma_fence | null = before ? yield* previous(before) : null
    if (chain.prev === prev) {
      chain.prev = replacement
      yield* putFence(prev)
    } else yield* putFence(replacement)
    yield* putFence(prev)
  }
  yield* putFence(fence)
  return prev
}

/** Puts the point that `seqno` waits for into the slot, in place of the head. 0 or -EINVAL. */
export function* findSeqno(slot: { value: dma_fence | null }, seqno: number): Sim<number> {
  if (seqno === 0) return 0
  const chain = chainOf(slot.value)
  if (chain === null || chain.base.seqno < seqno) return -EINVAL
  let at: dma_fence | null = getFence(chain.base)
  while (at !== null) {
    if (at.context !== chain.base.context || (chainOf(at)?.prev_seqno ?? 0) < seqno) break
    at = yield* walkChain(at)
  }
  slot.value = at
  yield* putFence(chain.base)
  return 0
}

/** Waits for one pending point after the other, each time by an interrupt of its own. */
function* rearm(chain: dma_fence_chain): Sim {
  if (!(yield* enableChain(chain.base))) yield* signal(chain.base)
  yield* putFence(chain.base)
}

function* pointSignaled(chain: dma_fence_chain, fence: dma_fence): Sim {
  const cpu = ensure(now.cpu, 'a fence is signaled outside every CPU')
  chain.work.func = (() => rearm(chain)) as unknown as typeof chain.work.func
  irqWorks(machine()).queue(chain.work, cpu)
  yield* putFence(fence)
}

function* enableChain(head: dma_fence): Sim<boolean> {
  const chain = chainOf(head)!
  const func = function dma_fence_chain_cb(of: dma_fence): Sim | void {
    return pointSignaled(chain, of)
  }
  getFence(head)
  let at: dma_fence | null = getFence(head)
  while (at !== null) {
    const fence = getFence(containedIn(at))
    if ((yield* addCallback(fence, chain.cb, func as dma_fence_func_t)) === 0) {
      yield* putFence(at)
      return true
    }
    yield* putFence(fence)
    at = yield* walkChain(at)
  }
  yield* putFence(head)
  return false
}

function* chainSignaled(head: dma_fence): Sim<boolean> {
  let at: dma_fence | null = getFence(head)
  while (at !== null) {
    if (!(yield* isSignaled(containedIn(at)))) {
      yield* putFence(at)
      return false
    }
    at = yield* walkChain(at)
  }
  return true
}

/** Unlinks what only this point has kept, one by one: a long chain must not end recursively. */
function* releaseChain(fence: dma_fence): Sim {
  const chain = chainOf(fence)!
  for (;;) {
    const { prev } = chain
    const before = chainOf(prev)
    if (prev === null || before === null || refRead(prev.refcount) > 1) break
    chain.prev = before.prev
    before.prev = null
    yield* putFence(prev)
  }
  yield* putFence(chain.prev)
  yield* putFence(chain.fence)
  freeFence(fence)
}

function* chainDeadline(head: dma_fence, deadline: number): Sim {
  for (let at: dma_fence | null = getFence(head); at !== null; at = yield* walkChain(at))
    yield* setDeadline(containedIn(at), deadline)
}

const CHAIN_OPS = {
  get_driver_name: () => 'dma_fence_chain',
  get_timeline_name: () => 'unbound',
  enable_signaling: enableChain,
  signaled: chainSignaled,
  release: releaseChain,
  set_deadline: chainDeadline,
} as unknown as dma_fence_ops

/** Takes over the references on `prev` and on `fence`. */
export function initChain(
  chain: dma_fence_chain,
  prev: dma_fence | null,
  fence: dma_fence,
  seqno: number,
): void {
  const goesOn = chainOf(prev) !== null && seqno > prev!.seqno
  chain.prev = prev
  chain.fence = fence
  chain.prev_seqno = goesOn ? prev!.seqno : 0
  const context = goesOn ? prev!.context : contextAlloc(1)
  const number = chainOf(prev) !== null ? Math.max(prev!.seqno, seqno) : seqno
  initFence(chain.base, CHAIN_OPS, null, context, number, true)
  ownLockClass(chain.base, 'dma_fence_chain_lock_key')
  if (chainOf(fence) !== null)
    warnFence(
      'fence-chain',
      'drivers/dma-buf/dma-fence-chain.c at dma_fence_chain_init',
      null,
      'FENCE-17',
    )
}
