import { machine } from '../engine/current'
import { kernelCall, quiet } from '../kernel/api'
import type { Sim } from '../engine/suspend'
import { heldChecker } from '../kernel/locking/assert'
import * as s from '../kernel/locking/rwsem'
import type { rw_semaphore as Sem } from '../kernel/locking/rwsem'
import type { lockdep_map } from '../kernel/locking/map'
import {
  TASK_INTERRUPTIBLE,
  TASK_KILLABLE,
  TASK_UNINTERRUPTIBLE,
} from '../kernel/sched/states'

/** Brought along, as by the C header. */
export * from './atomic'
export * from './cleanup'
export * from './err'
export * from './list'
export * from './spinlock'

/**
 * Sleeping reader/writer semaphores: `linux/rwsem`. Task context only. Reading inside a read of the
 * same semaphore can deadlock, because a waiting writer holds later readers back.
 */

export { rw_semaphore } from '../kernel/locking/rwsem'

const unit = (result: number | Sim<number>): void | Sim =>
  typeof result === 'number' ? undefined : (result as Sim<never>)

/** A static semaphore: `const s = DECLARE_RWSEM('s')`. */
export function DECLARE_RWSEM(name = ''): Sem {
  return s.defineRwsem(name)
}

/** Makes a semaphore ready for use. */
export const init_rwsem = kernelCall(
  'init_rwsem',
  (sem: Sem, name?: string) => s.initRwsem(sem, name),
)

/** Takes the read side; sleeps while a writer has it or waits for it. */
export const down_read = kernelCall('down_read', (sem: Sem) =>
  unit(s.downRead('down_read', sem, TASK_UNINTERRUPTIBLE)),
)
export const down_read_nested = kernelCall('down_read_nested', (sem: Sem, subclass: number) =>
  unit(s.downRead('down_read', sem, TASK_UNINTERRUPTIBLE, subclass)),
)
/** For a semaphore that another task will give back: not tracked as held by this one. */
export const down_read_non_owner = kernelCall('down_read_non_owner', (sem: Sem) =>
  unit(s.downReadNonOwner(sem)),
)
/** 0, or -EINTR when a signal came first. */
export const down_read_interruptible = kernelCall('down_read_interruptible', (sem: Sem) =>
  s.downRead('down_read_interruptible', sem, TASK_INTERRUPTIBLE),
)
export const down_read_killable = kernelCall('down_read_killable', (sem: Sem) =>
  s.downRead('down_read_killable', sem, TASK_KILLABLE),
)
/** 1 when it got the read side at once, 0 when not. */
export const down_read_trylock = kernelCall('down_read_trylock', s.downReadTrylock)
/** Takes the write side: alone. */
export const down_write = kernelCall('down_write', (sem: Sem) =>
  unit(s.downWrite('down_write', sem, TASK_UNINTERRUPTIBLE)),
)
export const down_write_nested = kernelCall('down_write_nested', (sem: Sem, subclass: number) =>
  unit(s.downWrite('down_write', sem, TASK_UNINTERRUPTIBLE, subclass)),
)
export const down_write_nest_lock = kernelCall(
  'down_write_nest_lock',
  (sem: Sem, outer: { dep_map: lockdep_map | null }) =>
    unit(s.downWrite('down_write', sem, TASK_UNINTERRUPTIBLE, 0, outer.dep_map)),
)
export const down_write_killable = kernelCall('down_write_killable', (sem: Sem) =>
  s.downWrite('down_write_killable', sem, TASK_KILLABLE),
)
export const down_write_trylock = kernelCall('down_write_trylock', s.downWriteTrylock)
/** Gives the read side back. */
export const up_read = kernelCall('up_read', (sem: Sem) => s.upRead(sem))
export const up_read_non_owner = kernelCall('up_read_non_owner', (sem: Sem) => s.upRead(sem, false))
/** Gives the write side back. */
export const up_write = kernelCall('up_write', s.upWrite)
/** Turns the write side into a read side without letting another writer in between. */
export const downgrade_write = kernelCall('downgrade_write', s.downgradeWrite)
/** Whether anybody holds either side. */
export const rwsem_is_locked = quiet(function rwsem_is_locked(sem: Sem): number {
  return s.rwsemIsLocked(sem)
})
export const down_read_killable_nested = kernelCall(
  'down_read_killable_nested',
  (sem: Sem, subclass: number) => s.downRead('down_read_killable', sem, TASK_KILLABLE, subclass),
)
export const down_write_killable_nested = kernelCall(
  'down_write_killable_nested',
  (sem: Sem, subclass: number) => s.downWrite('down_write_killable', sem, TASK_KILLABLE, subclass),
)
/** Whether somebody waits. */
export const rwsem_is_contended = quiet(function rwsem_is_contended(sem: Sem): boolean {
  return s.rwsemIsContended(sem)
})
/** Warns when nobody (the write form: no writer) holds it. */
export const rwsem_assert_held = kernelCall('rwsem_assert_held', (sem: Sem): void =>
  heldChecker(machine()).assert(sem.dep_map),
)
export const rwsem_assert_held_write = kernelCall('rwsem_assert_held_write', (sem: Sem): void =>
  heldChecker(machine()).assert(sem.dep_map, 'exclusive'),
)
