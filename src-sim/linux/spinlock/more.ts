import type { Sim } from '../../engine/suspend'
import { kernelCall, quiet } from '../../kernel/api'
import { AtomicCounter, change, load } from '../../kernel/locking/atomic'
import * as spin from '../../kernel/locking/spinlock'
import type { raw_spinlock_t as Raw } from '../../kernel/locking/spinlock'
import { BUG_ON } from '../bug'
import type { ptr } from '../types'

/** The less common forms. Part of `linux/spinlock`. */

type Outer = { dep_map: Raw['dep_map'] }

export const raw_spin_lock_nest_lock = kernelCall(
  'raw_spin_lock_nest_lock',
  (lock: Raw, outer: Outer) => spin.spinLockNestLock(lock, outer.dep_map),
)
export const raw_spin_lock_irqsave_nested = kernelCall(
  'raw_spin_lock_irqsave_nested',
  (lock: Raw, subclass: number) => spin.spinLockIrqsave(lock, subclass),
)
export const spin_lock_bh_nested = kernelCall('spin_lock_bh_nested', spin.spinLockBh)
export const raw_spin_trylock_irq = kernelCall('raw_spin_trylock_irq', spin.spinTrylockIrq)
export const raw_spin_trylock_bh = kernelCall('raw_spin_trylock_bh', spin.spinTrylockBh)
/** 1 with the old interrupt state in `flags`, or 0. */
export const raw_spin_trylock_irqsave = kernelCall(
  'raw_spin_trylock_irqsave',
  (lock: Raw, flags: ptr<number>): number => {
    const got = spin.spinTrylockIrqsave(lock)
    if (got === null) return 0
    flags.value = got
    return 1
  },
)
export const raw_spin_is_contended = kernelCall('raw_spin_is_contended', spin.spinIsContended)
/** Whether the holder should give others a chance. */
export const spin_needbreak = kernelCall('spin_needbreak', spin.spinIsContended)
/** Ends the task with an oops when nobody holds the lock. */
export const assert_spin_locked = kernelCall('assert_spin_locked', (lock: Raw): void =>
  BUG_ON(!lock.$locked),
)
export const assert_raw_spin_locked = assert_spin_locked
/** Makes taking the lock a full barrier. */
export const smp_mb__after_spinlock = quiet((): void => {})

/** Counts down unless that would reach 0; true when it did count. */
const decUnlessOne = (counter: AtomicCounter): boolean => {
  if (load(counter) === 1) return false
  change(counter, (old) => old - 1)
  return true
}

function decides(name: string, take: (lock: Raw) => void | Sim, give: (lock: Raw) => void) {
  return kernelCall(name, function* (counter: AtomicCounter, lock: Raw): Sim<number> {
    if (decUnlessOne(counter)) return 0
    const wait = take(lock)
    if (wait) yield* wait
    change(counter, (old) => old - 1)
    if (load(counter) === 0) return 1
    give(lock)
    return 0
  })
}
/** Counts down; 1 with the lock held when 0 was reached, else 0 without it. */
export const atomic_dec_and_lock = decides('atomic_dec_and_lock', spin.spinLock, spin.spinUnlock)
export const atomic_dec_and_raw_lock = decides(
  'atomic_dec_and_raw_lock', spin.spinLock, spin.spinUnlock,
)
