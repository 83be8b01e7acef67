import { machine } from '../../engine/current'
import type { Exec, Task } from '../../engine/exec'
import { KernelObject } from '../../engine/object'
import type { Sim } from '../../engine/suspend'
import { contention_begin, contention_end } from '../../trace/events'
import { frame } from '../api'
import { emit } from '../emit'
import { EALREADY, EDEADLK, EINTR } from '../errno'
import { memoryAccess } from '../mm/watch'
import { currentOrContext } from '../sched/context'
import { mightSleep, scheduleFor } from '../sched/schedule'
import { signalPendingState } from '../sched/signal'
import { setTaskState, TASK_RUNNING } from '../sched/states'
import { debugLocksWarn } from './debug'
import { locking, type Locking } from './locking'
import { initMap, LD_WAIT_SLEEP, lockdep_map } from './map'
import {
  initMutex,
  leave,
  lockMutex,
  mutex,
  mutexAvailable,
  mutexTrylock,
  mutexUnlock,
  takeMutex,
  type MutexWaiter,
} from './mutex'

/** Locks that may be taken in any order by contexts of one class; conflicts make one back off. */
export class ww_class extends KernelObject {
  readonly name: string
  readonly is_wait_die: boolean
  /** @internal */
  $stamp = 0
  /** @internal Lockdep keys of the contexts and of the mutexes. */
  readonly $acquireKey = {}
  readonly $mutexKey = {}

  constructor(name: string, isWaitDie: boolean) {
    super()
    this.name = name
    this.is_wait_die = isWaitDie
  }
}

/** One attempt to take several locks of a class. An earlier stamp is an older context. */
export class ww_acquire_ctx extends KernelObject {
  stamp = 0
  acquired = 0
  wounded = false
  is_wait_die = false
  done_acquire = false
  ww_class: ww_class | null = null
  contending_lock: ww_mutex | null = null
  dep_map: lockdep_map | null = null
  first_lock_dep_map: lockdep_map | null = null
  /** @internal Fault injection. */
  $interval = 1
  /** @internal */
  $countdown = 0
}

export class ww_mutex extends KernelObject {
  base = new mutex()
  ctx: ww_acquire_ctx | null = null
  ww_class: ww_class | null = null

  constructor() {
    super()
    this.base.$parent = this
    this.base.$field = 'base'
  }
}

const warn = (l: Locking, condition: string, fn: string): void => {
  if (l.debug) debugLocksWarn(l, condition, 'kernel/locking/ww_mutex.h', fn, ['WW-05', 'WW-09'])
}

/** From a function of the header, which is part of its caller. */
const warnInline = (l: Locking, condition: string): void => {
  if (l.debug) debugLocksWarn(l, condition, 'include/linux/ww_mutex.h', '%f', ['WW-05', 'WW-09'])
}

export function initWwMutex(lock: ww_mutex, cls: ww_class): void {
  initMutex(lock.base, `${cls.name}_mutex`, cls.$mutexKey)
  lock.ctx = null
  lock.ww_class = cls
}

export function wwAcquireInit(ctx: ww_acquire_ctx, cls: ww_class): void {
  ctx.stamp = ++cls.$stamp
  ctx.acquired = 0
  ctx.wounded = false
  ctx.is_wait_die = cls.is_wait_die
  ctx.done_acquire = false
  ctx.ww_class = cls
  ctx.contending_lock = null
  ctx.$interval = 1
  ctx.$countdown = ctx.stamp & 15
  ctx.dep_map = initMap(new lockdep_map(), `${cls.name}_acquire`, cls.$acquireKey)
  ctx.first_lock_dep_map = initMap(
    new lockdep_map(),
    `${cls.name}_mutex`,
    cls.$mutexKey,
    LD_WAIT_SLEEP,
    LD_WAIT_SLEEP,
  )
  const { acquire } = locking(machine()).on
  if (!acquire.listened) return
  acquire.emit(ctx.dep_map, 0, false, 0, null, ctx)
  acquire.emit(ctx.first_lock_dep_map, 0, false, 0, ctx.dep_map, ctx)
}

export function wwAcquireDone(ctx: ww_acquire_ctx): void {
  const l = locking(machine())
  if (ctx.done_acquire) warnInline(l, 'ctx->done_acquire')
  ctx.done_acquire = true
}

export function wwAcquireFini(ctx: ww_acquire_ctx): void {
  const l = locking(machine())
  if (ctx.first_lock_dep_map) l.on.release.emit(ctx.first_lock_dep_map, ctx)
  if (ctx.dep_map) l.on.release.emit(ctx.dep_map, ctx)
  if (ctx.acquired !== 0) warnInline(l, 'ctx->acquired')
}

/** Younger: came later. */
const younger = (a: ww_acquire_ctx, b: ww_acquire_ctx): boolean => a.stamp > b.stamp

const contextOf = (waiter: MutexWaiter): ww_acquire_ctx | null =>
  waiter.context as ww_acquire_ctx | null

function lockAcquired(l: Locking, lock: ww_mutex, ctx: ww_acquire_ctx): void {
  const fn = 'ww_mutex_lock_acquired'
  if (lock.ctx !== null) warn(l, 'ww->ctx', fn)
  if (ctx.done_acquire) warn(l, 'ww_ctx->done_acquire', fn)
  if (ctx.contending_lock !== null) {
    if (ctx.contending_lock !== lock) warn(l, 'ww_ctx->contending_lock != ww', fn)
    if (ctx.acquired > 0) warn(l, 'ww_ctx->acquired > 0', fn)
    ctx.contending_lock = null
  }
  if (ctx.ww_class !== lock.ww_class) warn(l, 'ww_ctx->ww_class != ww->ww_class', fn)
  ctx.acquired++
  lock.ctx = ctx
}

/** The context has to back off, if it holds anything. */
function kill(l: Locking, lock: ww_mutex, ctx: ww_acquire_ctx): number {
  if (ctx.acquired === 0) return 0
  if (ctx.contending_lock !== null) warn(l, 'ctx->contending_lock', '__ww_mutex_kill')
  ctx.contending_lock = lock
  return -EDEADLK
}

/** Wait-die: a younger waiter that holds something is woken to back off. */
function die(waiter: MutexWaiter, ctx: ww_acquire_ctx): boolean {
  if (!ctx.is_wait_die) return false
  const other = contextOf(waiter)!
  if (other.acquired > 0 && younger(other, ctx)) machine().wake(waiter.task as Task)
  return true
}

/** Wound-wait: a younger holder is told to back off. */
function wound(lock: ww_mutex, ctx: ww_acquire_ctx, holder: ww_acquire_ctx | null): boolean {
  const owner = lock.base.$owner
  if (holder === null || owner === null) return false
  if (ctx.acquired === 0 || !younger(holder, ctx)) return false
  holder.wounded = true
  if (owner !== currentOrContext() && owner.kind === 'task') machine().wake(owner as Task)
  return true
}

function checkWaiters(lock: ww_mutex, ctx: ww_acquire_ctx): void {
  for (const waiter of lock.base.$waiters ?? []) {
    const other = contextOf(waiter)
    if (other === null) continue
    if (die(waiter, ctx) || wound(lock, other, ctx)) return
  }
}

/** In the order of age among those with a context. An error when it has to back off at once. */
function enqueue(l: Locking, lock: ww_mutex, waiter: MutexWaiter, ctx: ww_acquire_ctx): number {
  const waiters = (lock.base.$waiters ??= [])
  let at = waiters.length
  for (let i = waiters.length - 1; i >= 0; i--) {
    const other = contextOf(waiters[i]!)
    if (other === null) continue
    if (younger(ctx, other)) {
      const ret = ctx.is_wait_die ? kill(l, lock, ctx) : 0
      if (ret !== 0) return ret
      break
    }
    at = i
    die(waiters[i]!, ctx)
  }
  waiters.splice(at, 0, waiter)
  if (!ctx.is_wait_die) wound(lock, ctx, lock.ctx)
  return 0
}

function mustBackOff(l: Locking, lock: ww_mutex, waiter: MutexWaiter, ctx: ww_acquire_ctx): number {
  if (ctx.acquired === 0) return 0
  if (!ctx.is_wait_die) return ctx.wounded ? kill(l, lock, ctx) : 0
  if (lock.ctx !== null && younger(ctx, lock.ctx)) return kill(l, lock, ctx)
  const waiters = lock.base.$waiters!
  const ahead = waiters.slice(0, waiters.indexOf(waiter)).some((w) => w.context !== null)
  return ahead ? kill(l, lock, ctx) : 0
}

/** Answers 0, -EALREADY, -EDEADLK or -EINTR. Without a context it is a plain mutex. */
export function wwLock(
  name: string,
  lock: ww_mutex,
  ctx: ww_acquire_ctx | null,
  bits: number,
): number | Sim<number> {
  if (ctx === null) return lockMutex(name, lock.base, bits)
  mightSleep(name)
  const l = locking(machine())
  const { base } = lock
  if (l.debug && !base.$magic)
    debugLocksWarn(l, 'lock->magic != lock', 'kernel/locking/mutex.c', name)
  if (lock.ctx === ctx) return -EALREADY
  if (ctx.acquired === 0) ctx.wounded = false
  if (l.watches(base)) l.acquire(base, 0, false, 0, ctx.dep_map)
  if (base.$owner !== null || base.$handoff)
    return frame('__ww_mutex_lock', wait(l, lock, ctx, bits))
  takeMutex(l, base, currentOrContext())
  lockAcquired(l, lock, ctx)
  if (base.$waiters !== null) checkWaiters(lock, ctx)
  return injected(l, lock, ctx)
}

function* wait(l: Locking, lock: ww_mutex, ctx: ww_acquire_ctx, bits: number): Sim<number> {
  const m = machine()
  const self = currentOrContext() as Exec
  const task = self.kind === 'task' ? (self as Task) : null
  const { base } = lock
  const waiter: MutexWaiter = { task: self, context: ctx }
  l.contended(base, base.$owner)
  emit(contention_begin, base, 'mutex')
  let ret = enqueue(l, lock, waiter, ctx)
  for (let passedOver = 0; ret === 0 && !mutexAvailable(base, waiter); passedOver++) {
    if (task !== null && signalPendingState(bits, task)) ret = -EINTR
    else ret = mustBackOff(l, lock, waiter, ctx)
    if (ret !== 0) break
    if (passedOver > 0 && base.$waiters![0] === waiter) base.$handoff = true
    if (task !== null) setTaskState(task, bits, m.nowNs, null)
    yield* scheduleFor(base, 'mutex')
    memoryAccess(m).touch(lock, 'owner', true)
    if (task !== null) setTaskState(task, TASK_RUNNING, 0, null)
  }
  const first = base.$waiters?.[0] === waiter
  leave(base, waiter)
  emit(contention_end, base, ret)
  if (ret !== 0) {
    l.release(base)
    return ret
  }
  takeMutex(l, base, self)
  if (!ctx.is_wait_die && !first) checkWaiters(lock, ctx)
  lockAcquired(l, lock, ctx)
  return injected(l, lock, ctx)
}

/** A made-up -EDEADLK for contexts that already hold something, where that is switched on. */
function injected(l: Locking, lock: ww_mutex, ctx: ww_acquire_ctx): number {
  if (!l.wwInjection || ctx.acquired <= 1) return 0
  if (ctx.$countdown-- !== 0) return 0
  ctx.$interval = ctx.$interval * 3 + Math.floor(ctx.$interval / 2)
  ctx.$countdown = ctx.$interval
  ctx.contending_lock = lock
  wwUnlock(lock)
  return -EDEADLK
}

/** After -EDEADLK and with everything given back: waits for the contended lock. */
export function wwLockSlow(
  name: string,
  lock: ww_mutex,
  ctx: ww_acquire_ctx,
  bits: number,
): number | Sim<number> {
  const l = locking(machine())
  if (ctx.contending_lock === null) warnInline(l, '!ctx->contending_lock')
  return wwLock(name, lock, ctx, bits)
}

export function wwTrylock(lock: ww_mutex, ctx: ww_acquire_ctx | null): number {
  if (ctx === null) return mutexTrylock(lock.base)
  const l = locking(machine())
  if (ctx.acquired === 0) ctx.wounded = false
  if (lock.base.$owner !== null || lock.base.$handoff) return 0
  if (l.watches(lock.base)) l.acquire(lock.base, 0, true, 0, ctx.dep_map)
  takeMutex(l, lock.base, currentOrContext())
  lockAcquired(l, lock, ctx)
  if (lock.base.$waiters !== null) checkWaiters(lock, ctx)
  return 1
}

export function wwUnlock(lock: ww_mutex): void {
  const { ctx } = lock
  if (ctx !== null) {
    if (ctx.acquired === 0) warn(locking(machine()), '!lock->ctx->acquired', '__ww_mutex_unlock')
    else ctx.acquired--
    lock.ctx = null
  }
  mutexUnlock(lock.base)
}
