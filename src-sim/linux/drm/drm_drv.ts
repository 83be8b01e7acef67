import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { kernelCall } from '../../kernel/api'
import { addActionOrReset } from '../../kernel/base/devres'
import type { device } from '../../kernel/base/device'
import {
  drm_device,
  getDrmDevice,
  initDrmDevice,
  putDrmDevice,
  type drm_driver,
} from '../../kernel/drm/device'
import {
  enterDrmDevice,
  exitDrmDevice,
  isUnplugged,
  registerDrmDevice,
  unplugDrmDevice,
  unregisterDrmDevice,
} from '../../kernel/drm/unplug'
import { ENOMEM } from '../../kernel/errno'
import { allocate, slab } from '../../kernel/mm/slab'
import { ERR_PTR } from '../err'
import type { ptr } from '../types'

/** Drivers of graphics and compute devices: `drm/drm_drv`. */

export { type drm_driver } from '../../kernel/drm/device'
export {
  DRIVER_COMPUTE_ACCEL,
  DRIVER_GEM,
  DRIVER_MODESET,
  DRIVER_RENDER,
} from '../../kernel/drm/device'

type Type<T> = new () => T

function* allocContainer<T extends object>(
  parent: device,
  driver: drm_driver,
  type: Type<T>,
  drmOf: (container: T) => drm_device,
): Sim<T> {
  const container = allocate(type, true)
  if (!container) return ERR_PTR<T>(-ENOMEM)
  const drm = drmOf(container)
  const ret = yield* initDrmDevice(drm, driver, parent)
  if (ret) {
    slab(machine()).free(container)
    return ERR_PTR<T>(ret)
  }
  drm.$container = container
  return container
}

/**
 * Allocates a structure that embeds a `drm_device` in the field `member`. When the driver lets go
 * of `parent`, one reference is dropped; the memory lives until the last one is. Or ERR_PTR.
 */
export const devm_drm_dev_alloc = kernelCall('devm_drm_dev_alloc', function* <T extends object>(
  parent: device,
  driver: drm_driver,
  type: Type<T>,
  member: keyof T & string,
): Sim<T> {
  const drmOf = (container: T): drm_device => container[member] as drm_device
  const container = yield* allocContainer(parent, driver, type, drmOf)
  if (!(container instanceof type)) return container
  const put = (drm: drm_device): unknown => putDrmDevice(drm)
  const ret = yield* addActionOrReset(parent, put as (drm: never) => void, drmOf(container))
  return ret ? ERR_PTR<T>(ret) : container
}) as <T extends object>(
  parent: device,
  driver: drm_driver,
  type: Type<T>,
  member: keyof T & string,
) => T

/** A bare `drm_device` with one reference that is the caller's. Or ERR_PTR. */
export const drm_dev_alloc = kernelCall('drm_dev_alloc', (driver: drm_driver, parent: device) =>
  allocContainer(parent, driver, drm_device, (drm) => drm),
)

/** One more reference: keeps the memory, not the hardware. Pair: `drm_dev_put`. */
export function drm_dev_get(dev: drm_device | null): void {
  getDrmDevice(dev)
}

/** Drops a reference; the last one runs `release` and frees what `drmm_*` manages. May sleep. */
export const drm_dev_put = kernelCall('drm_dev_put', putDrmDevice)

/** The nodes in /dev appear; programs can call at once. 0 or -errno. May sleep. */
export const drm_dev_register = kernelCall('drm_dev_register', registerDrmDevice)

/**
 * The nodes disappear. Files that are open keep calling the driver: use `drm_dev_unplug` where the
 * hardware goes away (DM-85). May sleep.
 */
export const drm_dev_unregister = kernelCall('drm_dev_unregister', unregisterDrmDevice)

/**
 * From now on `drm_dev_enter` fails; waits until every section that is open now has ended, then
 * unregisters and takes away what programs have mapped. May sleep; not from inside a section.
 */
export const drm_dev_unplug = kernelCall('drm_dev_unplug', unplugDrmDevice)

/**
 * Begins a section in which the hardware is there, and stays: true. False when it was unplugged;
 * no section is open then. May sleep inside. Pair: `drm_dev_exit(idx.value)` (DM-84).
 */
export const drm_dev_enter = kernelCall(
  'drm_dev_enter',
  (dev: drm_device, idx: ptr<number>): boolean => {
    idx.value = enterDrmDevice(dev)
    return idx.value >= 0
  },
)
export const drm_dev_exit = kernelCall('drm_dev_exit', exitDrmDevice)

/** A look at the flag: what it says may be over a moment later. */
export const drm_dev_is_unplugged = kernelCall('drm_dev_is_unplugged', isUnplugged)

/** The old way to end: unregisters and drops the caller's reference. */
export const drm_put_dev = kernelCall('drm_put_dev', function* (dev: drm_device): Sim {
  yield* call(() => drm_dev_unregister(dev))
  yield* putDrmDevice(dev)
})
