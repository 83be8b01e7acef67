import { machine, now } from '../../engine/current'
import { TaskDeath } from '../../engine/exec'
import { hidden, KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { call, point, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { acquireOn, markAccess, releaseOn } from '../locking/access'
import { heldChecker } from '../locking/assert'
import { list_head } from '../locking/list'
import { kref, refInit } from '../locking/refcount'
import {
  initSpinlock,
  spinLockIrqsave,
  spinUnlockIrqrestore,
  spinlock_t,
} from '../locking/spinlock'
import { taintUnreliable } from '../locking/taint'
import { embedMembers } from '../mm/embed'
import { memoryAccess } from '../mm/watch'
import { warn } from '../printk/warn'
import { rcu, rcu_head, rcuReadLock, rcuReadLockHeld, rcuReadUnlock } from '../rcu/tree'
import { report, resolveFrame, takeStack } from '../report'

/** Bits of `dma_fence.flags`. Drivers may use the bits from USER_BITS on. */
export const INITIALIZED_BIT = 0
export const INLINE_LOCK_BIT = 1
export const SEQNO64_BIT = 2
export const SIGNALED_BIT = 3
export const TIMESTAMP_BIT = 4
export const ENABLE_SIGNAL_BIT = 5
export const USER_BITS = 6

/** What a driver tells about its fences. Only the two names are mandatory. */
export interface dma_fence_ops {
  get_driver_name: (fence: dma_fence) => string
  get_timeline_name: (fence: dma_fence) => string
  /** Makes the hardware announce the signal. False: it is over already, or cannot be announced. */
  enable_signaling?: ((fence: dma_fence) => boolean) | null
  /** Asks the hardware; may be called with the lock of the fence held and without it. */
  signaled?: ((fence: dma_fence) => boolean) | null
  /** Replaces the default wait. */
  wait?: ((fence: dma_fence, intr: boolean, timeout: number) => number) | null
  /** The last reference is gone; frees the fence, by default with `dma_fence_free`. */
  release?: ((fence: dma_fence) => void) | null
  /** Somebody would like it to be over by then. */
  set_deadline?: ((fence: dma_fence, deadline: number) => void) | null
}

export type dma_fence_func_t = (fence: dma_fence, cb: dma_fence_cb) => void

/** Waits on one fence for its signal. */
export class dma_fence_cb extends KernelObject {
  node = new list_head()
  func: dma_fence_func_t | null = null

  constructor() {
    super()
    embedMembers(this)
  }
}

/**
 * A point on a timeline of work, which is reached once and for ever. What waits for it hangs on
 * `cb_list`; everything but the first look at the flags happens under the lock, which belongs to
 * the driver (`extern_lock`) or to the fence (`inline_lock`).
 */
export class dma_fence extends KernelObject {
  extern_lock: spinlock_t | null = null
  inline_lock = new spinlock_t()
  /** Null once a signaled fence does not need its driver any more. */
  ops: dma_fence_ops | null = null
  cb_list = new list_head()
  timestamp = 0
  rcu = new rcu_head()
  context = 0
  seqno = 0
  flags = 0
  refcount = new kref()
  error = 0
  /** @internal */
  $label = ''

  constructor() {
    super()
    embedMembers(this)
  }
}

class FenceContexts {
  next = 1
}

const contexts = service(() => new FenceContexts())

const SOURCE = 'drivers/dma-buf/dma-fence.c'

/** A WARN of the fence core, which speaks every time. `where` is a function, or a whole place. */
export function warnFence(what: string, where: string, text: string | null, rule: string): void {
  const place = where.includes(' at ') ? where : `${SOURCE} at ${where}`
  const source = place.startsWith('include/') ? `${place}${callersModule()}` : place
  warn(machine(), what, source, text, { rules: [rule], once: false, help: 'dma-fences' })
}

/** Functions of a header are part of the module that calls them. */
function callersModule(): string {
  const m = machine()
  const place = takeStack(m).frames.find((frame) => typeof frame === 'number')
  const module = place === undefined ? null : resolveFrame(m, place).module
  return module === null ? '' : ` [${module}]`
}

/** The first of `num` new numbers for timelines. */
export function contextAlloc(num: number): number {
  if (num === 0) warnFence('fence-context', 'dma_fence_context_alloc', null, 'FENCE-01')
  const all = contexts(machine())
  all.next += num
  return all.next - num
}

/** Every use of a fence by the core: its memory must not be gone, and it is no data race. */
function use(fence: dma_fence, field: keyof dma_fence, write: boolean, inside: string): void {
  if (hidden(fence).$dead === undefined) markAccess(fence, field, write)
  else memoryAccess(machine()).touch(fence, field, write, inside)
}

export function testFlag(fence: dma_fence, bit: number, inside: string): boolean {
  use(fence, 'flags', false, inside)
  acquireOn(fence)
  return ((fence.flags >>> bit) & 1) === 1
}

/** Answers what the flag was. */
export function setFlag(fence: dma_fence, bit: number, inside: string): boolean {
  use(fence, 'flags', true, inside)
  acquireOn(fence)
  const was = ((fence.flags >>> bit) & 1) === 1
  fence.flags = (fence.flags | (1 << bit)) >>> 0
  releaseOn(fence)
  return was
}

export const flaggedSignaled = (fence: dma_fence, inside = 'dma_fence_is_signaled'): boolean =>
  testFlag(fence, SIGNALED_BIT, inside)

/** The lock that guards the callbacks of the fence. */
export const fenceSpinlock = (fence: dma_fence): spinlock_t =>
  (fence.flags >>> INLINE_LOCK_BIT) & 1 ? fence.inline_lock : fence.extern_lock!

/** What the scheduler shows where others may come in before the lock is taken. */
const TAKES_LOCK = { $name: '_raw_spin_lock_irqsave' }

export function* lockFence(fence: dma_fence, inside: string): Sim<number> {
  use(fence, 'flags', false, inside)
  const lock = fenceSpinlock(fence)
  memoryAccess(machine()).touch(lock, 'rlock', true, '_raw_spin_lock_irqsave')
  yield point(TAKES_LOCK, fence)
  const flags = spinLockIrqsave(lock)
  return typeof flags === 'number' ? flags : yield* flags
}

export function unlockFence(fence: dma_fence, flags: number): void {
  spinUnlockIrqrestore(fenceSpinlock(fence), flags)
}

/** As `lockdep_assert_held`: says so and goes on. */
export function assertFenceLocked(fence: dma_fence, inside: string): void {
  if (heldChecker(machine()).isHeld(fenceSpinlock(fence).dep_map)) return
  warnFence('lockdep-assert', inside, null, 'FENCE-03')
}

export function initFence(
  fence: dma_fence,
  ops: dma_fence_ops,
  lock: spinlock_t | null,
  context: number,
  seqno: number,
  seqno64 = false,
): void {
  if (!ops?.get_driver_name || !ops.get_timeline_name)
    bugAt(SOURCE, '__dma_fence_init', fence, 'FENCE-01')
  use(fence, 'flags', true, '__dma_fence_init')
  refInit(fence.refcount)
  fence.ops = ops
  fence.cb_list.next = fence.cb_list
  fence.cb_list.prev = fence.cb_list
  fence.context = context
  fence.seqno = seqno
  fence.flags = (1 << INITIALIZED_BIT) | (seqno64 ? 1 << SEQNO64_BIT : 0)
  fence.extern_lock = lock
  if (lock === null) {
    fence.flags |= 1 << INLINE_LOCK_BIT
    initSpinlock(fence.inline_lock, '&fence->inline_lock', '__dma_fence_init')
  }
  fence.error = 0
  fence.$label = `fence ${context}:${seqno}`
  emit(ev.dma_fence_init, fence, context, seqno)
}

/** Fences that hold others take their locks in turn: such locks are a class of their own. */
export function ownLockClass(fence: dma_fence, key: string): void {
  fence.inline_lock.dep_map!.$key = key
}

/** `BUG_ON` of the code under drivers/dma-buf: ends the task. */
export function bugAt(source: string, inside: string, object: object, rule: string): never {
  const m = machine()
  report(m, {
    kind: 'oops.bug',
    before: ['------------[ cut here ]------------'],
    title: `kernel BUG at ${source}!`,
    at: takeStack(m, now.exec, inside),
    objects: [object],
    rules: [rule],
    level: 1,
  })
  taintUnreliable(m)
  throw new TaskDeath('BUG')
}

/** Reads the table of the driver, which RCU protects from its module's unloading. */
export function opsOf(fence: dma_fence, inside: string): dma_fence_ops | null {
  use(fence, 'ops', false, inside)
  const { ops } = fence
  if (ops !== null) memoryAccess(machine()).touch(ops, 'get_driver_name', false, inside)
  return ops
}

function checkReader(): void {
  const { suspicious } = rcu(machine()).on
  if (!rcuReadLockHeld() && suspicious.listened)
    suspicious.emit('suspicious rcu_dereference_check() usage', SOURCE)
}

/** The name may be used for as long as the caller stays an RCU reader. */
export function* driverName(fence: dma_fence): Sim<string> {
  checkReader()
  const ops = opsOf(fence, 'dma_fence_driver_name')
  if (ops === null || flaggedSignaled(fence)) return 'detached-driver'
  return yield* call(() => ops.get_driver_name(fence))
}

export function* timelineName(fence: dma_fence): Sim<string> {
  checkReader()
  const ops = opsOf(fence, 'dma_fence_timeline_name')
  if (ops === null || flaggedSignaled(fence)) return 'signaled-timeline'
  return yield* call(() => ops.get_timeline_name(fence))
}

/** Calls an operation of the driver as an RCU reader. */
export function* asReader<T>(body: () => Sim<T>): Sim<T> {
  rcuReadLock()
  const result = yield* body()
  rcuReadUnlock()
  return result
}

export function* setDeadline(fence: dma_fence, deadline: number): Sim {
  yield* asReader(function* () {
    const ops = opsOf(fence, 'dma_fence_set_deadline')
    const tell = ops?.set_deadline
    if (tell && !flaggedSignaled(fence)) yield* call(() => tell(fence, deadline))
  })
}
