import { machine } from '../engine/current'
import type { Sim } from '../engine/suspend'
import { kernelCall, kernelFrame } from '../kernel/api'
import * as b from '../kernel/locking/bits'
import type { Bitmap } from '../kernel/locking/bits'
import { waitEvent, type WaitOptions } from '../kernel/sched/wait-event'
import { TASK_INTERRUPTIBLE, TASK_KILLABLE, TASK_UNINTERRUPTIBLE } from '../kernel/sched/states'

/** Waiting for a bit, or for any variable, without a queue of one's own: `linux/wait_bit`. */

/** Sleeps in state `mode` until the bit is clear. 0, or -EINTR. */
export const wait_on_bit = kernelFrame(
  'wait_on_bit',
  (word: Bitmap, bit: number, mode: number) => b.waitOnBit(bit, word, mode, 'wait_on_bit'),
)
/** As `wait_on_bit`, counted as waiting for I/O. */
export const wait_on_bit_io = wait_on_bit
/** As `wait_on_bit` for at most `timeout` jiffies; -EAGAIN when they are over. */
export const wait_on_bit_timeout = kernelFrame(
  'wait_on_bit_timeout',
  (word: Bitmap, bit: number, mode: number, timeout: number) =>
    b.waitOnBit(bit, word, mode, 'wait_on_bit_timeout', timeout),
)
/** Sleeps until the bit is clear and sets it. 0, or -EINTR. */
export const wait_on_bit_lock = kernelFrame(
  'wait_on_bit_lock',
  (word: Bitmap, bit: number, mode: number) => b.waitOnBitLock(bit, word, mode),
)
/** Wakes those who wait for the bit. The bit must have been cleared, with a barrier after it. */
export const wake_up_bit = kernelCall('wake_up_bit', (word: Bitmap, _bit: number) =>
  b.wakeUpAddress(word),
)
/** Clears the bit so that what was done before is seen, and wakes those who wait. */
export const clear_and_wake_up_bit = kernelCall(
  'clear_and_wake_up_bit',
  function (bit: number, word: Bitmap) {
    b.changeBitOrdered(bit, word, false)
    return b.wakeUpAddress(word)
  },
)
/** The same; answers whether the bit was set. */
export const test_and_clear_wake_up_bit = kernelCall(
  'test_and_clear_wake_up_bit',
  function* (bit: number, word: Bitmap): Sim<boolean> {
    if (!b.changeBitOrdered(bit, word, false)) return false
    const more = b.wakeUpAddress(word)
    if (more) yield* more
    return true
  },
)

type Condition = () => unknown

function waitsForVariable(name: string, options: Partial<WaitOptions>) {
  return kernelFrame(name, (variable: object, condition: Condition): Sim<number> =>
    waitEvent(b.bitWaits(machine()).queue(variable), condition, { ...options, what: name }),
  )
}
/** Sleeps until the condition is true; whoever changes `variable` calls `wake_up_var` with it. */
export const wait_var_event = waitsForVariable('wait_var_event', { bits: TASK_UNINTERRUPTIBLE })
/** 0, or -ERESTARTSYS when a signal came. */
export const wait_var_event_interruptible = waitsForVariable('wait_var_event_interruptible', {
  bits: TASK_INTERRUPTIBLE,
})
export const wait_var_event_killable = waitsForVariable('wait_var_event_killable', {
  bits: TASK_KILLABLE,
})
/** What is left of `timeout` jiffies (at least 1), or 0. */
export const wait_var_event_timeout = kernelFrame(
  'wait_var_event_timeout',
  (variable: object, condition: Condition, timeout: number): Sim<number> =>
    waitEvent(b.bitWaits(machine()).queue(variable), condition, {
      timeout,
      what: 'wait_var_event_timeout',
    }),
)
/** Wakes those who wait for a variable; needs a barrier after the change. */
export const wake_up_var = kernelCall('wake_up_var', b.wakeUpAddress)
