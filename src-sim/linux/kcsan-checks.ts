import { kernelCall, quiet } from '../kernel/api'
import { assertExclusive, markAccess } from '../kernel/locking/access'
import { memoryAccess } from '../kernel/mm/watch'
import { machine, now } from '../engine/current'

/**
 * Assertions for the race detector: `linux/kcsan-checks`. They take the object and the name of the
 * field, as `READ_ONCE` does: `ASSERT_EXCLUSIVE_WRITER(dev, 'state')`. Nothing happens unless the
 * detector is on.
 */

/** Nobody else writes the field now, not even by a marked access. */
export function ASSERT_EXCLUSIVE_WRITER<T extends object>(object: T, field: keyof T): void {
  assertExclusive(object, field, 'writes')
}
/** Nobody else reads or writes the field now. */
export function ASSERT_EXCLUSIVE_ACCESS<T extends object>(object: T, field: keyof T): void {
  assertExclusive(object, field, 'accesses')
}

export const KCSAN_ACCESS_WRITE = 1 << 0
export const KCSAN_ACCESS_COMPOUND = 1 << 1
export const KCSAN_ACCESS_ATOMIC = 1 << 2
export const KCSAN_ACCESS_ASSERT = 1 << 3
export const KCSAN_ACCESS_SCOPED = 1 << 4

/** Checks an access of the kind `type` (KCSAN_ACCESS_*) as if it happened here. */
export const kcsan_check_access = kernelCall(
  'kcsan_check_access',
  <T extends object>(object: T, field: keyof T, type: number): void => {
    const write = (type & KCSAN_ACCESS_WRITE) !== 0
    if (type & KCSAN_ACCESS_ASSERT) assertExclusive(object, field, write ? 'accesses' : 'writes')
    else if (type & KCSAN_ACCESS_ATOMIC) markAccess(object, field, write)
    else memoryAccess(machine()).on.every.emit(object, field, write, now.exec!)
  },
)
export const kcsan_check_read = quiet(<T extends object>(object: T, field: keyof T): void =>
  kcsan_check_access(object, field, 0),
)
export const kcsan_check_write = quiet(<T extends object>(object: T, field: keyof T): void =>
  kcsan_check_access(object, field, KCSAN_ACCESS_WRITE),
)
