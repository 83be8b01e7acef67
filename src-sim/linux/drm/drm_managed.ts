import { kernelCall } from '../../kernel/api'
import type { drm_device } from '../../kernel/drm/device'
import * as managed from '../../kernel/drm/managed'
import { mutexDestroy, initMutex, type mutex } from '../../kernel/locking/mutex'
import { mightAlloc } from '../../kernel/locking/fs-reclaim'
import { allocate } from '../../kernel/mm/slab'
import type { gfp_t } from '../types'

/**
 * What belongs to programs, and so must live until the last file is closed: `drm/drm_managed`. Ends
 * newest first with the last reference to the device, long after devres (DM-86).
 */

type Type<T> = new () => T
type Action<D> = (dev: drm_device, data: D) => void

/** Runs `action(dev, data)` with the last reference. 0 or -ENOMEM. */
export const drmm_add_action = kernelCall(
  'drmm_add_action',
  <D>(dev: drm_device, action: Action<D>, data: D): number =>
    managed.addAction(dev, action, data, action.name),
) as <D>(dev: drm_device, action: Action<D>, data: D) => number

/** The same; when it fails the action runs at once. */
export const drmm_add_action_or_reset = kernelCall(
  'drmm_add_action_or_reset',
  <D>(dev: drm_device, action: Action<D>, data: D) =>
    managed.addActionOrReset(dev, action, data, action.name),
) as <D>(dev: drm_device, action: Action<D>, data: D) => number

/** Runs an action now instead of later. */
export const drmm_release_action = kernelCall(
  'drmm_release_action',
  <D>(dev: drm_device, action: Action<D>, data: D) => managed.releaseAction(dev, action, data),
) as <D>(dev: drm_device, action: Action<D>, data: D) => void

function allocateFor(dev: drm_device, what: Type<object> | number, flags: gfp_t, zero: boolean) {
  mightAlloc('drmm_kmalloc', flags)
  return managed.manageMemory(dev, allocate(what, zero) as object | null)
}

/** As `kzalloc`; freed with the last reference. */
export function drmm_kzalloc<T extends object>(dev: drm_device, type: Type<T>, flags: gfp_t): T | null
export function drmm_kzalloc(dev: drm_device, size: number, flags: gfp_t): Uint8Array | null
export function drmm_kzalloc(dev: drm_device, what: Type<object> | number, flags: gfp_t): unknown {
  return allocateFor(dev, what, flags, true)
}

/** As `kmalloc`; freed with the last reference. */
export function drmm_kmalloc<T extends object>(dev: drm_device, type: Type<T>, flags: gfp_t): T | null
export function drmm_kmalloc(dev: drm_device, size: number, flags: gfp_t): Uint8Array | null
export function drmm_kmalloc(dev: drm_device, what: Type<object> | number, flags: gfp_t): unknown {
  return allocateFor(dev, what, flags, false)
}

/** Frees managed memory early. */
export function drmm_kfree(dev: drm_device, data: object | null): void {
  managed.freeManaged(dev, data)
}

/** A mutex that is destroyed with the last reference. 0 or -ENOMEM. */
export const drmm_mutex_init = kernelCall('drmm_mutex_init', (dev: drm_device, lock: mutex) => {
  initMutex(lock)
  const release = (): void => mutexDestroy(lock)
  return managed.addActionOrReset(dev, release, null, '__drmm_mutex_release')
})
