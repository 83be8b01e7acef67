import { kernelCall } from '../kernel/api'
import * as b from '../kernel/locking/bits'
import type { Bitmap } from '../kernel/locking/bits'
import { TASK_INTERRUPTIBLE, TASK_UNINTERRUPTIBLE } from '../kernel/sched/states'

/** Single bits as spinlocks, and waiting for bits: `linux/bit_spinlock`, `linux/wait_bit`. */

export const bit_spin_lock = kernelCall('bit_spin_lock', b.bitSpinLock)
/** 1 when it got the bit at once, 0 when not. */
export const bit_spin_trylock = kernelCall('bit_spin_trylock', b.bitSpinTrylock)
export const bit_spin_unlock = kernelCall('bit_spin_unlock', b.bitSpinUnlock)
export const bit_spin_is_locked = kernelCall('bit_spin_is_locked', b.testBit)

const isInterruptible = (mode: number): number =>
  mode === TASK_INTERRUPTIBLE ? TASK_INTERRUPTIBLE : TASK_UNINTERRUPTIBLE

/** Sleeps until the bit is clear; 0, or -EINTR in an interruptible `mode`. Pair: `wake_up_bit`. */
export const wait_on_bit = kernelCall('wait_on_bit', (word: Bitmap, bit: number, mode: number) =>
  b.waitOnBit(bit, word, isInterruptible(mode), 'wait_on_bit'),
)
/** Sleeps until it could set the bit itself. */
export const wait_on_bit_lock = kernelCall('wait_on_bit_lock', (word: Bitmap, bit: number, mode: number) =>
  b.waitOnBitLock(bit, word, isInterruptible(mode)),
)
/** Wakes those who wait for bits of this word; the bit was changed before. */
export const wake_up_bit = kernelCall('wake_up_bit', (word: Bitmap, _bit: number) =>
  b.wakeUpAddress(word),
)
export const clear_and_wake_up_bit = kernelCall('clear_and_wake_up_bit', (bit: number, word: Bitmap) => {
  b.changeBitOrdered(bit, word, false)
  return b.wakeUpAddress(word)
})
