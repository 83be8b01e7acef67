import { kernelCall } from '../kernel/api'
import type { Sim } from '../engine/suspend'
import * as spin from '../kernel/locking/spinlock'
import type { raw_spinlock_t as Raw, spinlock_t as Spin } from '../kernel/locking/spinlock'
import { refcountDecNotOne, refcountSubAndTest, type refcount_t } from '../kernel/locking/refcount'
import type { ptr } from './types'

/** Brought along, as by the C header. */
export * from './atomic'
export * from './bottom_half'
export * from './cleanup'
export * from './compiler'
export * from './irqflags'
export * from './lockdep'
export * from './preempt'

/**
 * Spinlocks: `linux/spinlock`. Any context may take one; nobody may sleep while holding it. A lock
 * that an interrupt handler takes must be taken with interrupts off everywhere else.
 */

export { raw_spinlock_t, spinlock_t } from '../kernel/locking/spinlock'
export * from './rwlock'

/** `unsigned long flags`: what `spin_lock_irqsave` answers; or a `ptr` when C's form is used. */
type Flags = number | ptr<number>
const flagsOf = (flags: Flags): number => (typeof flags === 'number' ? flags : flags.value)

/** A static lock: `const lock = DEFINE_SPINLOCK('lock')`. */
export function DEFINE_SPINLOCK(name = ''): Spin {
  return spin.defineSpinlock(new spin.spinlock_t(), name)
}

/** A static raw lock. */
export function DEFINE_RAW_SPINLOCK(name = ''): Raw {
  return spin.defineSpinlock(new spin.raw_spinlock_t(), name)
}

/** Makes a lock ready for use. All locks initialised by the same call are one class for lockdep. */
export const spin_lock_init = kernelCall('spin_lock_init', function (
  lock: Spin, name?: string,
): void {
  spin.initSpinlock(lock, name)
})

/** Takes the lock; spins while another CPU has it. Preemption stays off until `spin_unlock`. */
export const spin_lock = kernelCall('spin_lock', (lock: Spin) => spin.spinLock(lock))
/** Gives the lock back. Only whoever took it may. */
export const spin_unlock = kernelCall('spin_unlock', (lock: Spin) => spin.spinUnlock(lock))
/** For a second lock of the same class, taken in a known order; `subclass` is 0..7. */
export const spin_lock_nested = kernelCall('spin_lock_nested', spin.spinLockNested)
/** For any number of locks of one class while `outer` is held. */
export const spin_lock_nest_lock = kernelCall('spin_lock_nest_lock', function (
  lock: Spin,
  outer: { dep_map: Raw['dep_map'] },
) {
  return spin.spinLockNestLock(lock, outer.dep_map)
})
/** Switches interrupts of this CPU off, then takes the lock. */
export const spin_lock_irq = kernelCall('spin_lock_irq', spin.spinLockIrq)
/** Gives the lock back and switches interrupts on, whatever they were before. */
export const spin_unlock_irq = kernelCall('spin_unlock_irq', spin.spinUnlockIrq)

function lockIrqsave(lock: Raw, flags?: ptr<number>): number | Sim<number> {
  const result = spin.spinLockIrqsave(lock)
  return flags ? storing(result, flags) : result
}

function storing(result: number | Sim<number>, flags: ptr<number>): number | Sim<number> {
  if (typeof result !== 'number') return storeLater(result, flags)
  flags.value = result
  return result
}

function* storeLater(wait: Sim<number>, flags: ptr<number>): Sim<number> {
  return (flags.value = yield* wait)
}

/**
 * Takes the lock with interrupts off and answers what to restore: `const flags =
 * spin_lock_irqsave(l)`.
 */
export const spin_lock_irqsave = kernelCall('spin_lock_irqsave', lockIrqsave)
/** As `spin_lock_irqsave`, for a lock nested in one of the same class. */
export const spin_lock_irqsave_nested = kernelCall('spin_lock_irqsave_nested', function (
  lock: Raw,
  subclass: number,
) {
  return spin.spinLockIrqsave(lock, subclass)
})
/** Gives the lock back and the interrupt state of before. */
export const spin_unlock_irqrestore = kernelCall('spin_unlock_irqrestore', function (
  lock: Raw,
  flags: Flags,
): void {
  spin.spinUnlockIrqrestore(lock, flagsOf(flags))
})
/** Takes the lock with softirqs of this CPU off. */
export const spin_lock_bh = kernelCall('spin_lock_bh', spin.spinLockBh)
/** Gives the lock back; softirqs that have become pending run before it returns. */
export const spin_unlock_bh = kernelCall('spin_unlock_bh', spin.spinUnlockBh)
/** 1 when it got the lock at once, 0 when not. */
export const spin_trylock = kernelCall('spin_trylock', spin.spinTrylock)
export const spin_trylock_irq = kernelCall('spin_trylock_irq', spin.spinTrylockIrq)
export const spin_trylock_bh = kernelCall('spin_trylock_bh', spin.spinTrylockBh)
/** 1 with the old interrupt state in `flags`, or 0. */
export const spin_trylock_irqsave = kernelCall('spin_trylock_irqsave', function (
  lock: Raw,
  flags: ptr<number>,
): number {
  const got = spin.spinTrylockIrqsave(lock)
  if (got === null) return 0
  flags.value = got
  return 1
})
/** Whether somebody holds it: a momentary answer without any ordering. */
export const spin_is_locked = kernelCall('spin_is_locked', spin.spinIsLocked)
export const spin_is_contended = kernelCall('spin_is_contended', spin.spinIsContended)

/** The raw variants spin even where others would sleep (real-time kernels). */
export const raw_spin_lock_init = kernelCall('raw_spin_lock_init', function (
  lock: Raw, name?: string,
) {
  spin.initSpinlock(lock, name)
})
export const raw_spin_lock = kernelCall('raw_spin_lock', (lock: Raw) => spin.spinLock(lock))
export const raw_spin_unlock = kernelCall('raw_spin_unlock', (lock: Raw) => spin.spinUnlock(lock))
export const raw_spin_lock_nested = kernelCall(
  'raw_spin_lock_nested',
  (lock: Raw, subclass: number) => spin.spinLockNested(lock, subclass),
)
export const raw_spin_lock_irq = kernelCall('raw_spin_lock_irq', (l: Raw) => spin.spinLockIrq(l))
export const raw_spin_unlock_irq = kernelCall(
  'raw_spin_unlock_irq',
  (l: Raw) => spin.spinUnlockIrq(l),
)
export const raw_spin_lock_irqsave = kernelCall(
  'raw_spin_lock_irqsave',
  (lock: Raw, flags?: ptr<number>) => lockIrqsave(lock, flags),
)
export const raw_spin_unlock_irqrestore = kernelCall(
  'raw_spin_unlock_irqrestore',
  (lock: Raw, flags: Flags) => spin.spinUnlockIrqrestore(lock, flagsOf(flags)),
)
export const raw_spin_lock_bh = kernelCall('raw_spin_lock_bh', (l: Raw) => spin.spinLockBh(l))
export const raw_spin_unlock_bh = kernelCall('raw_spin_unlock_bh', (l: Raw) => spin.spinUnlockBh(l))
export const raw_spin_trylock = kernelCall('raw_spin_trylock', (l: Raw) => spin.spinTrylock(l))
export const raw_spin_is_locked = kernelCall('raw_spin_is_locked', (l: Raw) => spin.spinIsLocked(l))

function decAndLock(counter: refcount_t, lock: Spin): boolean | Sim<boolean> {
  if (refcountDecNotOne(counter)) return false
  const wait = spin.spinLock(lock)
  return wait ? decUnderLock(counter, lock, wait) : finishDec(counter, lock)
}

function* decUnderLock(counter: refcount_t, lock: Spin, wait: Sim): Sim<boolean> {
  yield* wait
  return finishDec(counter, lock)
}

function finishDec(counter: refcount_t, lock: Spin): boolean {
  if (refcountSubAndTest(1, counter)) return true
  spin.spinUnlock(lock)
  return false
}

/** Drops a reference; true with the lock held when it was the last one, else false without it. */
export const refcount_dec_and_lock = kernelCall('refcount_dec_and_lock', decAndLock)

/** As `refcount_dec_and_lock`, with interrupts off; what to restore is left in `flags`. */
export const refcount_dec_and_lock_irqsave = kernelCall(
  'refcount_dec_and_lock_irqsave',
  function* (counter: refcount_t, lock: Spin, flags: ptr<number>): Sim<boolean> {
    if (refcountDecNotOne(counter)) return false
    const got = lockIrqsave(lock, flags)
    if (typeof got !== 'number') yield* got
    if (refcountSubAndTest(1, counter)) return true
    spin.spinUnlockIrqrestore(lock, flags.value)
    return false
  },
)

export * from './spinlock/more'
