import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { call, point, type Sim } from '../../engine/suspend'
import { kernelCall } from '../api'
import { memoryAccess } from '../mm/watch'
import { rcuReadLock, rcuReadUnlock } from '../rcu/tree'
import { synchronizeRcu } from '../rcu/update'
import { typeName } from './boxes'
import { dropNow, Owned, takeOwnership } from './drop'

/** `kernel::sync::rcu::Guard`: a read-side critical section for as long as it lives. */
export class RcuGuard extends Owned {
  /** @internal */
  override get $rustName(): string {
    return 'rcu::Guard'
  }

  /** @internal */
  override $drop(): void {
    rcuReadUnlock()
  }
}

export function rcuGuard(): RcuGuard {
  rcuReadLock()
  return new RcuGuard()
}

/** The state that a revocable value and its guards share. */
export class RevocableInner<T> extends KernelObject {
  is_available = true
  /** @internal Where nobody may reach it without asking. */
  $data: T

  constructor(data: T) {
    super()
    this.$data = data
  }

  get $label(): string {
    return `Revocable<${typeName(this.$data)}>`
  }
}

/** an RCU section that began while the value was available. No sleeping while it lives. */
export class RevocableGuard<T> extends Owned {
  /** @internal */
  readonly $inner: RevocableInner<T>

  /** @internal */
  constructor(inner: RevocableInner<T>) {
    super()
    this.$inner = inner
  }

  /** What is guarded: `*guard`. Not to be kept for longer than the guard. */
  get value(): T {
    this.$live()
    return this.$inner.$data
  }

  override get $rustName(): string {
    return `RevocableGuard<${typeName(this.$inner.$data)}>`
  }

  /** @internal */
  override $drop(): void {
    rcuReadUnlock()
  }
}

/**
 * `kernel::revocable::Revocable`: a value that can be taken away from those who hold it. It
 * protects what the CPU does through a guard; not what was copied out of it, nor the hardware
 * (R-04).
 */
export class Revocable<T> extends Owned {
  /** @internal */
  readonly $inner: RevocableInner<T>

  /** @internal */
  constructor(inner: RevocableInner<T>) {
    super()
    this.$inner = inner
  }

  static new<T>(data: T): Revocable<T> {
    return new Revocable(new RevocableInner(takeOwnership(data)))
  }

  override get $rustName(): string {
    return this.$inner.$label
  }

  /** A guard, or null once it was revoked. Any context; no sleeping until the guard is dropped. */
  try_access(): RevocableGuard<T> | null {
    this.$live()
    return tryAccessCall(this.$inner) as RevocableGuard<T> | null
  }

  /** The value, for as long as the caller's own RCU section lasts; null once it was revoked. */
  try_access_with_guard(guard: RcuGuard): T | null {
    this.$live()
    guard.$live()
    return this.$inner.is_available ? this.$inner.$data : null
  }

  /** Calls `f` with the value inside a section; null once it was revoked. `f` must not sleep. */
  try_access_with<R>(f: (data: T) => R): R | null {
    this.$live()
    return tryAccessWithCall(this.$inner, f as never) as R | null
  }

  /** The value, on the caller's word that nobody revokes it meanwhile. Unsafe. */
  access(): T {
    this.$live()
    return this.$inner.$data
  }

  /**
   * Takes the value away, waits for all guards, drops it. True for the one who did; false at once
   * for everybody else. May sleep.
   */
  revoke(): boolean {
    this.$live()
    return revokeCall(this.$inner, true)
  }

  /** The same without waiting for guards, of which there must be none. Unsafe. */
  revoke_nosync(): boolean {
    this.$live()
    return revokeCall(this.$inner, false)
  }

  /** @internal */
  override *$drop(): Sim {
    yield* revoke(this.$inner, false)
  }
}

export function* tryAccess<T>(inner: RevocableInner<T>): Sim<RevocableGuard<T> | null> {
  yield point(tryAccess, inner)
  rcuReadLock()
  memoryAccess(machine()).touch(inner, 'is_available', false, 'Revocable::try_access')
  if (inner.is_available) return new RevocableGuard(inner)
  rcuReadUnlock()
  return null
}

export function* tryAccessWith<T, R>(
  inner: RevocableInner<T>, f: (data: T) => R,
): Sim<R | null> {
  const guard = yield* tryAccess(inner)
  if (guard === null) return null
  try {
    return yield* call(() => f(guard.value))
  } finally {
    yield* dropNow(guard)
  }
}

export function* revoke(inner: RevocableInner<unknown>, sync: boolean): Sim<boolean> {
  yield point(revoke, inner)
  if (!inner.is_available) return false
  inner.is_available = false
  if (sync) yield* synchronizeRcu('synchronize_rcu', false)
  yield* dropNow(inner.$data)
  return true
}

export const tryAccessCall = kernelCall('Revocable::try_access', tryAccess<unknown>)
export const tryAccessWithCall = kernelCall(
  'Revocable::try_access_with', tryAccessWith<unknown, unknown>,
)
const revokeCall = kernelCall('Revocable::revoke', revoke)
