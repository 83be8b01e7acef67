import { kernelCall, quiet } from '../kernel/api'
import * as r from '../kernel/locking/percpu-ref'
import type { gfp_t } from './types'

/**
 * Reference counts for objects that are used all the time and end once: `linux/percpu-refcount`.
 * `percpu_ref_kill` drops the first reference; `release` is called when the last one goes, a grace
 * period later at the earliest, in whatever context that is.
 */
export const percpu_ref = r.percpu_ref
export type percpu_ref = r.percpu_ref
type Release = (ref: percpu_ref) => void

export const PERCPU_REF_INIT_ATOMIC = 1
export const PERCPU_REF_INIT_DEAD = 2
export const PERCPU_REF_ALLOW_REINIT = 4

/** One reference, or none with PERCPU_REF_INIT_DEAD. 0 or -errno. Pair: `percpu_ref_exit`. */
export const percpu_ref_init = kernelCall(
  'percpu_ref_init',
  (ref: percpu_ref, release: Release, flags: number, _gfp: gfp_t): number => {
    const dead = (flags & PERCPU_REF_INIT_DEAD) !== 0
    r.initPercpuRef(ref, release, (flags & PERCPU_REF_INIT_ATOMIC) === 0, dead)
    return 0
  },
)
/** Gives its per-CPU memory back; the object itself stays. */
export function percpu_ref_exit(_ref: percpu_ref): void {}

export const percpu_ref_get = kernelCall('percpu_ref_get', (ref: percpu_ref) => r.getPercpuRef(ref, 1))
export const percpu_ref_get_many = kernelCall('percpu_ref_get_many', (ref: percpu_ref, nr: number) =>
  r.getPercpuRef(ref, nr),
)
/** False when the count is zero. */
export const percpu_ref_tryget = kernelCall('percpu_ref_tryget', (ref: percpu_ref): boolean =>
  r.tryGetPercpuRef(ref, 1, false),
)
/** False once it was killed. */
export const percpu_ref_tryget_live = kernelCall(
  'percpu_ref_tryget_live',
  (ref: percpu_ref): boolean => r.tryGetPercpuRef(ref, 1, true),
)
/** Drops a reference; the last one of a killed count calls `release`. */
export const percpu_ref_put = kernelCall('percpu_ref_put', (ref: percpu_ref) => r.putPercpuRef(ref, 1))
export const percpu_ref_put_many = kernelCall('percpu_ref_put_many', (ref: percpu_ref, nr: number) =>
  r.putPercpuRef(ref, nr),
)
/** Refuses further `tryget_live` and drops the first reference; once only. Does not sleep. */
export const percpu_ref_kill = kernelCall('percpu_ref_kill', (ref: percpu_ref) =>
  r.killPercpuRef(ref, null),
)
/** As `percpu_ref_kill`; `confirm` is called when every CPU has seen it. */
export const percpu_ref_kill_and_confirm = kernelCall(
  'percpu_ref_kill_and_confirm',
  (ref: percpu_ref, confirm: Release | null) => r.killPercpuRef(ref, confirm),
)
/** Counts exactly from now on. */
export const percpu_ref_switch_to_atomic = kernelCall(
  'percpu_ref_switch_to_atomic',
  (ref: percpu_ref, confirm: Release | null) => r.switchToAtomic(ref, confirm),
)
/** A count that came to zero after its kill begins anew. */
export const percpu_ref_reinit = kernelCall('percpu_ref_reinit', r.reinitPercpuRef)
/** A killed count, zero or not, lives on. */
export const percpu_ref_resurrect = kernelCall('percpu_ref_resurrect', r.resurrectPercpuRef)
export const percpu_ref_is_dying = quiet((ref: percpu_ref): boolean => ref.$dying)
/** Whether no reference is left; never while it is not killed. */
export const percpu_ref_is_zero = quiet((ref: percpu_ref): boolean => !ref.$spread && ref.$count === 0)
