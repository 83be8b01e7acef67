import { call, point, type Sim } from '../../engine/suspend'
import { kernelCall } from '../api'
import * as m from '../locking/mutex'
import * as spin from '../locking/spinlock'
import { TASK_UNINTERRUPTIBLE } from '../sched/states'
import { dropNow, Owned, takeOwnership } from './drop'

/** A lock and what it protects: the value is reachable through a guard only. */
class LockInner<L, T> {
  readonly lock: L
  data: T

  constructor(lock: L, data: T) {
    this.lock = lock
    this.data = data
  }
}

/** Holds a lock for as long as it lives; `guard.value` is what the lock protects. */
export class LockGuard<T> extends Owned {
  /** @internal */
  readonly $inner: LockInner<unknown, T>
  /** @internal */
  readonly $unlock: () => unknown

  /** @internal */
  constructor(inner: LockInner<unknown, T>, unlock: () => unknown) {
    super()
    this.$inner = inner
    this.$unlock = unlock
  }

  get value(): T {
    this.$live()
    return this.$inner.data
  }

  set value(data: T) {
    this.$live()
    this.$inner.data = data
  }

  override get $rustName(): string {
    return 'lock::Guard'
  }

  /** @internal */
  override *$drop(): Sim {
    yield* call(this.$unlock)
  }
}

/** `kernel::sync::Mutex`: made with `new_mutex`. */
export class Mutex<T> extends Owned {
  /** The lock as C sees it. @internal */
  readonly state: m.mutex
  /** @internal */
  readonly $inner: LockInner<m.mutex, T>

  /** @internal */
  constructor(data: T, name: string) {
    super()
    this.state = new m.mutex()
    m.initMutex(this.state, name)
    this.$inner = new LockInner(this.state, data)
  }

  /** Takes the lock. May sleep. Pair: the drop of the guard. */
  lock(): LockGuard<T> {
    this.$live()
    return mutexLock(this.$inner) as LockGuard<T>
  }

  /** A guard, or null when somebody else has the lock. */
  try_lock(): LockGuard<T> | null {
    this.$live()
    const { $inner: inner } = this
    return m.mutexTrylock(inner.lock) ? new LockGuard(inner, () => m.mutexUnlock(inner.lock)) : null
  }

  /** @internal */
  override $drop(): Sim {
    return dropNow(this.$inner.data)
  }
}

const mutexLock = kernelCall('Mutex::lock', function* (
  inner: LockInner<m.mutex, unknown>,
): Sim<LockGuard<unknown>> {
  yield point(mutexLock, inner.lock)
  yield* call(() => m.lockMutex('mutex_lock', inner.lock, TASK_UNINTERRUPTIBLE) as number)
  return new LockGuard(inner, () => m.mutexUnlock(inner.lock))
})

/** `kernel::sync::SpinLock`: made with `new_spinlock`. No sleeping while a guard lives. */
export class SpinLock<T> extends Owned {
  /** The lock as C sees it. @internal */
  readonly state: spin.spinlock_t
  /** @internal */
  readonly $inner: LockInner<spin.spinlock_t, T>

  /** @internal */
  constructor(data: T, name: string) {
    super()
    this.state = new spin.spinlock_t()
    spin.initSpinlock(this.state, name)
    this.$inner = new LockInner(this.state, data)
  }

  /** Takes the lock; interrupts stay as they are. Pair: the drop of the guard. */
  lock(): LockGuard<T> {
    this.$live()
    return spinLock(this.$inner) as LockGuard<T>
  }

  try_lock(): LockGuard<T> | null {
    this.$live()
    const { $inner: inner } = this
    return spin.spinTrylock(inner.lock) ?
      new LockGuard(inner, () => spin.spinUnlock(inner.lock)) : null
  }

  /** @internal */
  override $drop(): Sim {
    return dropNow(this.$inner.data)
  }
}

const spinLock = kernelCall('SpinLock::lock', function* (
  inner: LockInner<spin.spinlock_t, unknown>,
): Sim<LockGuard<unknown>> {
  yield point(spinLock, inner.lock)
  yield* call(() => spin.spinLock(inner.lock) as void)
  return new LockGuard(inner, () => spin.spinUnlock(inner.lock))
})

export const newMutex = <T>(data: T, name: string): Mutex<T> =>
  new Mutex(takeOwnership(data), name)

export const newSpinlock = <T>(data: T, name: string): SpinLock<T> =>
  new SpinLock(takeOwnership(data), name)
