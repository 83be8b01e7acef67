import { machine } from '../engine/current'
import { kernelCall } from '../kernel/api'
import { heldChecker } from '../kernel/locking/assert'
import * as p from '../kernel/locking/percpu-rwsem'
import type { percpu_rw_semaphore as Sem } from '../kernel/locking/percpu-rwsem'

/** Brought along, as by the C header. */
export * from './cleanup'
export * from './lockdep'
export * from './rcupdate'
export * from './wait'

/** Reader/writer semaphores that cost readers next to nothing: `linux/percpu-rwsem`. May sleep. */

export { percpu_rw_semaphore } from '../kernel/locking/percpu-rwsem'

/** A static semaphore. */
export function DEFINE_STATIC_PERCPU_RWSEM(name = ''): Sem {
  const sem = new p.percpu_rw_semaphore()
  p.initPercpuRwsem(sem, name || undefined, sem)
  return sem
}
export const DEFINE_PERCPU_RWSEM = DEFINE_STATIC_PERCPU_RWSEM
/** 0 or -ENOMEM. Pair: `percpu_free_rwsem`. */
export const percpu_init_rwsem = kernelCall('percpu_init_rwsem', (sem: Sem, name?: string) =>
  p.initPercpuRwsem(sem, name),
)
export const percpu_free_rwsem = kernelCall('percpu_free_rwsem', (_sem: Sem): void => {})
/** Takes the read side; do not nest it. */
export const percpu_down_read = kernelCall('percpu_down_read', p.percpuDownRead)
export const percpu_down_read_trylock = kernelCall(
  'percpu_down_read_trylock',
  p.percpuDownReadTrylock,
)
export const percpu_up_read = kernelCall('percpu_up_read', p.percpuUpRead)
/** Takes the write side: waits for a grace period and for all readers, so it is slow. */
export const percpu_down_write = kernelCall('percpu_down_write', p.percpuDownWrite)
export const percpu_up_write = kernelCall('percpu_up_write', p.percpuUpWrite)

/** Whether this task holds either side, as far as the lock checker knows (1 without it). */
export const percpu_rwsem_is_held = kernelCall('percpu_rwsem_is_held', (sem: Sem): boolean =>
  heldChecker(machine()).isHeld(sem.dep_map),
)
/** Whether any reader is inside. */
export const percpu_is_read_locked = kernelCall('percpu_is_read_locked', (sem: Sem): boolean =>
  sem.$readers > 0 && sem.$writer === null,
)
/** Whether a writer is inside or waits. */
export const percpu_is_write_locked = kernelCall('percpu_is_write_locked', (sem: Sem): boolean =>
  sem.$blocked,
)
/** Warns when this task does not hold it. */
export const percpu_rwsem_assert_held = kernelCall('percpu_rwsem_assert_held', (sem: Sem): void =>
  heldChecker(machine()).assert(sem.dep_map),
)
