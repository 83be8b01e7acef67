import { PAGE_SIZE } from '../../base/units'
import type { Sim } from '../../engine/suspend'
import { hidden } from '../../engine/object'
import { kernelCall, quiet } from '../../kernel/api'
import { currentMm } from '../../kernel/mm/current-mm'
import { mightFault } from '../../kernel/mm/might-fault'
import { copyUserFaulting } from '../../kernel/mm/uaccess'
import { writeMemory } from '../../kernel/mm/user-access'
import { EFAULT } from '../errno'

/** Checks of a program's memory, and memory of the kernel that may be gone. Part of `linux/uaccess`. */

/** A number of a program as the pointer that it stands for. */
export const u64_to_user_ptr = quiet((x: number): number => x)

/** 1 when all bytes are zero, 0 when not, or -EFAULT. May sleep. */
export const check_zeroed_user = kernelCall(
  'check_zeroed_user',
  function* (from: unknown, size: number): Sim<number> {
    mightFault('check_zeroed_user')
    const copy = new Uint8Array(size)
    if (yield* copyUserFaulting(copy, from, size)) return -EFAULT
    return copy.every((byte) => byte === 0) ? 1 : 0
  },
)

/**
 * Faults pages in for writing, for a later copy that must not: a zero goes to the beginning of each.
 * How much could NOT be.
 */
export const fault_in_writeable = kernelCall(
  'fault_in_writeable',
  function* (address: number, size: number): Sim<number> {
    const mm = currentMm()
    if (mm === null) return size
    const end = address + size
    for (let at = address; at < end; at = (Math.floor(at / PAGE_SIZE) + 1) * PAGE_SIZE)
      if ((yield* writeMemory(mm, at, Uint8Array.of(0))).failed) return end - at
    return 0
  },
)

const isGone = (memory: unknown): boolean =>
  !(memory instanceof Uint8Array) || hidden(memory).$dead !== undefined

/** Copies memory that may not be there at all: 0 or -EFAULT. Any context. */
export const copy_from_kernel_nofault = kernelCall(
  'copy_from_kernel_nofault',
  (dst: Uint8Array, src: Uint8Array | null, size: number): number => {
    if (isGone(src)) return -EFAULT
    dst.set(src!.subarray(0, size))
    return 0
  },
)
export const copy_to_kernel_nofault = kernelCall(
  'copy_to_kernel_nofault',
  (dst: Uint8Array | null, src: Uint8Array, size: number): number => {
    if (isGone(dst)) return -EFAULT
    dst!.set(src.subarray(0, size))
    return 0
  },
)
