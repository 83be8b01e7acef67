import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import { EINVAL, ENOMEM } from '../errno'
import { acquireOn, releaseOn } from '../locking/access'
import { heldChecker } from '../locking/assert'
import { mightAlloc } from '../locking/fs-reclaim'
import { mutexDestroy } from '../locking/mutex'
import { initWwMutex, ww_class, ww_mutex, wwLock, wwUnlock } from '../locking/ww-mutex'
import { embedMembers } from '../mm/embed'
import { faultInjection } from '../mm/fault-injection'
import { kmallocSize } from '../mm/slab'
import { memoryAccess } from '../mm/watch'
import { rcu, rcuReadLockHeld } from '../rcu/tree'
import { TASK_UNINTERRUPTIBLE } from '../sched/states'
import { bugAt, warnFence, type dma_fence } from './dma-fence'
import { getFence, isSignaled, putFence } from './fence-signal'
import { isLaterOrSame } from './fence-order'

export const USAGE_KERNEL = 0
export const USAGE_WRITE = 1
export const USAGE_READ = 2
export const USAGE_BOOKKEEP = 3

const SOURCE = 'drivers/dma-buf/dma-resv.c'
const GFP_KERNEL = 0xcc0
/** What stands before the table, and one entry of it, in bytes. */
const LIST_HEADER = 24
const LIST_ENTRY = 8
const FIRST_MAX = 4

/** A fence and what it is for. */
export interface Slot {
  fence: dma_fence
  usage: number
}

/** The table of a reservation object; a bigger one takes its place when it is full. */
export class dma_resv_list {
  readonly slots: Slot[] = []
  max_fences: number

  constructor(max: number) {
    const bytes = kmallocSize(LIST_HEADER + max * LIST_ENTRY)
    this.max_fences = Math.floor((bytes - LIST_HEADER) / LIST_ENTRY)
  }
}

/**
 * The fences of one buffer, and the lock under which they change. What is waited for is a matter
 * of usage: a query for one usage gives all fences of this usage and of those before it (RESV-01).
 */
export class dma_resv extends KernelObject {
  lock = new ww_mutex()
  /** @internal Null before anything was reserved. */
  $list: dma_resv_list | null = null

  constructor() {
    super()
    embedMembers(this)
  }
}

export const reservationClass = service(() => new ww_class('reservation_ww_class', true))

export function initResv(resv: dma_resv): void {
  initWwMutex(resv.lock, reservationClass(machine()))
  resv.$list = null
}

export function* finiResv(resv: dma_resv): Sim {
  for (const { fence } of resv.$list?.slots ?? []) yield* putFence(fence)
  resv.$list = null
  mutexDestroy(resv.lock.base)
}

export const resvHeld = (resv: dma_resv): boolean =>
  heldChecker(machine()).isHeld(resv.lock.base.dep_map)

/** As `lockdep_assert_held`: says so and goes on (RESV-12). `where` is `LINE at FUNCTION`. */
export function assertResvHeld(resv: dma_resv, where: string): void {
  if (!resvHeld(resv)) warnFence('lockdep-assert', `${SOURCE}${where}`, null, 'RESV-12')
}

/** The table, read by who holds the lock or is an RCU reader. */
export function listOf(resv: dma_resv): dma_resv_list | null {
  memoryAccess(machine()).touch(resv, 'fences', false, 'dma_resv_fences_list')
  const { suspicious } = rcu(machine()).on
  if (suspicious.listened && !rcuReadLockHeld() && !resvHeld(resv))
    suspicious.emit('suspicious rcu_dereference_check() usage', SOURCE)
  acquireOn(resv)
  return resv.$list
}

/** Takes the lock without a context, as the core of dma-buf does: it can only wait (WW-06). */
export function* lockResv(resv: dma_resv): Sim {
  memoryAccess(machine()).touch(resv, 'lock', true, 'dma_resv_lock')
  const waits = wwLock('dma_resv_lock', resv.lock, null, TASK_UNINTERRUPTIBLE)
  if (typeof waits !== 'number') yield* waits
}

/** The reservation ends with the lock: what was not used is not there any more (RESV-03). */
export function unlockResv(resv: dma_resv): void {
  const list = resv.$list
  if (list !== null) list.max_fences = list.slots.length
  wwUnlock(resv.lock)
}

function roundUpPowerOfTwo(n: number): number {
  let power = 1
  while (power < n) power *= 2
  return power
}

/** Makes sure that `count` fences can be added under the lock. 0, -EINVAL or -ENOMEM. */
export function* reserveFences(resv: dma_resv, count: number): Sim<number> {
  assertResvHeld(resv, ':187 at dma_resv_reserve_fences')
  if (count === 0) {
    warnFence('resv-empty', `${SOURCE} at dma_resv_reserve_fences`, null, 'RESV-03')
    return -EINVAL
  }
  const old = listOf(resv)
  let max = Math.max(FIRST_MAX, roundUpPowerOfTwo(count))
  if (old !== null && old.max_fences > 0) {
    if (old.slots.length + count <= old.max_fences) return 0
    max = Math.max(old.slots.length + count, old.max_fences * 2)
  }
  mightAlloc('dma_resv_reserve_fences', GFP_KERNEL)
  if (faultInjection(machine()).shouldFail('dma_resv_list_alloc')) return -ENOMEM
  const list = new dma_resv_list(max)
  const signaled: dma_fence[] = []
  for (const slot of old?.slots ?? [])
    if (yield* isSignaled(slot.fence)) signaled.push(slot.fence)
    else list.slots.push(slot)
  releaseOn(resv)
  resv.$list = list
  for (const fence of signaled) yield* putFence(fence)
  return 0
}

/** Whether a fence that is there is made needless by a new one. */
function* isObsolete(old: Slot, fence: dma_fence, usage: number): Sim<boolean> {
  const sameTimeline = old.fence.context === fence.context && old.usage >= usage
  if (sameTimeline && isLaterOrSame(fence, old.fence)) return true
  return yield* isSignaled(old.fence)
}

/** Adds a fence to what was reserved; it takes the place of the first that is needless (RESV-04). */
export function* addFence(
  resv: dma_resv,
  fence: dma_fence,
  usage: number,
  isContainer: boolean,
): Sim {
  getFence(fence)
  assertResvHeld(resv, ':296 at dma_resv_add_fence')
  if (isContainer)
    warnFence('resv-container', `${SOURCE} at dma_resv_add_fence`, null, 'RESV-04')
  const list = listOf(resv)!
  const { slots } = list
  releaseOn(resv)
  for (let i = 0; i < slots.length; i++) {
    const old = slots[i]!
    if (!(yield* isObsolete(old, fence, usage))) continue
    slots[i] = { fence, usage }
    yield* putFence(old.fence)
    return
  }
  if (slots.length >= list.max_fences) bugAt(SOURCE, 'dma_resv_add_fence', resv, 'RESV-03')
  slots.push({ fence, usage })
}

/** Puts a fence in the place of all fences of a timeline (RESV-05). */
export function* replaceFences(
  resv: dma_resv,
  context: number,
  replacement: dma_fence,
  usage: number,
): Sim {
  assertResvHeld(resv, ' at dma_resv_replace_fences')
  const slots = listOf(resv)?.slots ?? []
  for (let i = 0; i < slots.length; i++) {
    const old = slots[i]!.fence
    if (old.context !== context) continue
    slots[i] = { fence: getFence(replacement), usage }
    yield* putFence(old)
  }
}
