import { acquireOn, markAccess, memoryBarrier, releaseOn } from '../kernel/locking/access'

/**
 * Memory barriers: `linux/barrier` (C: asm/barrier.h). The simulated machine executes in order; the
 * barriers matter to the race checker.
 */

export { barrier } from './compiler'

export function smp_mb(): void {
  memoryBarrier('full')
}
export function smp_rmb(): void {
  memoryBarrier('read')
}
export function smp_wmb(): void {
  memoryBarrier('write')
}
export const mb = smp_mb
export const rmb = smp_rmb
export const wmb = smp_wmb
export function dma_rmb(): void {
  memoryBarrier('read')
}
export function dma_wmb(): void {
  memoryBarrier('write')
}
export function smp_mb__before_atomic(): void {
  memoryBarrier('full')
}
export function smp_mb__after_atomic(): void {
  memoryBarrier('full')
}
/** Assigns a field after a full barrier. */
export function smp_store_mb<T extends object, K extends keyof T>(
  object: T,
  field: K,
  value: T[K],
): void {
  markAccess(object, field, true)
  object[field] = value
  memoryBarrier('full')
}
/** Publishes: whoever loads it with `smp_load_acquire` sees all that was done before. */
export function smp_store_release<T extends object, K extends keyof T>(
  object: T,
  field: K,
  value: T[K],
): void {
  markAccess(object, field, true)
  releaseOn(object)
  object[field] = value
}
/** Reads what `smp_store_release` has published, and what was done before it. */
export function smp_load_acquire<T extends object, K extends keyof T>(object: T, field: K): T[K] {
  markAccess(object, field, false)
  acquireOn(object)
  return object[field]
}
