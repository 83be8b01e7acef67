import { kernelCall } from '../kernel/api'
import * as b from '../kernel/locking/bits'

/** Single bits as spinlocks: `linux/bit_spinlock`. No lock checker knows them. */

export * from './wait_bit'

/** Spins until the bit is clear, and sets it. Preemption stays off until `bit_spin_unlock`. */
export const bit_spin_lock = kernelCall('bit_spin_lock', b.bitSpinLock)
/** 1 when it got the bit at once, 0 when not. */
export const bit_spin_trylock = kernelCall('bit_spin_trylock', b.bitSpinTrylock)
export const bit_spin_unlock = kernelCall('bit_spin_unlock', b.bitSpinUnlock)
/** For words that nobody else changes meanwhile. */
export const __bit_spin_unlock = bit_spin_unlock
export const bit_spin_is_locked = kernelCall('bit_spin_is_locked', b.testBit)
