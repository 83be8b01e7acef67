import { machine } from '../engine/current'
import type { Sim } from '../engine/suspend'
import { hidden } from '../engine/object'
import { kernelCall, kernelFrame, quiet } from '../kernel/api'
import * as a from '../kernel/base/auxiliary'
import { findDevice } from '../kernel/base/bus'
import { deleteDevice, putDevice } from '../kernel/base/core'
import { addActionOrReset } from '../kernel/base/devres'
import type { device } from '../kernel/base/device'
import { modules } from '../kernel/base/module'
import { allocate, slab } from '../kernel/mm/slab'
import { module_exit, module_init } from './module'

/** Brought along, as by the C header. */
export * from './device'

/** Parts of a device with drivers of their own: `linux/auxiliary_bus`. */
export {
  auxiliary_device,
  type auxiliary_device_id,
  type auxiliary_driver_init,
} from '../kernel/base/auxiliary'

const moduleName = (): string => modules(machine()).current?.name ?? 'kernel'

/**
 * Needs `dev.parent`, `dev.release` and `name`. 0 or -EINVAL. Afterwards:
 * `auxiliary_device_uninit`.
 */
export function auxiliary_device_init(auxdev: a.auxiliary_device): number {
  return a.initAuxiliary(auxdev)
}
/** Adds the part as `module.name.id`. 0 or -errno. May sleep. Pair: `auxiliary_device_delete`. */
export const auxiliary_device_add = kernelCall(
  'auxiliary_device_add',
  (auxdev: a.auxiliary_device): Sim<number> => a.addAuxiliary(auxdev, moduleName()),
)
/** Unbinds its driver and takes it off the bus. May sleep. */
export const auxiliary_device_delete = kernelCall(
  'auxiliary_device_delete',
  (auxdev: a.auxiliary_device): Sim => deleteDevice(auxdev.dev),
)
/** Drops the first reference: `dev.release` frees the memory. */
export const auxiliary_device_uninit = kernelCall(
  'auxiliary_device_uninit',
  (auxdev: a.auxiliary_device): Sim => putDevice(auxdev.dev, 'creator'),
)
export const auxiliary_driver_register = kernelCall(
  'auxiliary_driver_register',
  (auxdrv: a.auxiliary_driver_init): Sim<number> =>
    a.registerAuxiliaryDriver(auxdrv, moduleName(), modules(machine()).current),
)
export const auxiliary_driver_unregister = kernelCall(
  'auxiliary_driver_unregister',
  a.unregisterAuxiliaryDriver,
)

/** A module whose init and exit only register and unregister this driver. */
export function module_auxiliary_driver(auxdrv: a.auxiliary_driver_init): void {
  const owner = modules(machine()).loading
  const name = owner?.name ?? 'kernel'
  module_init(() => a.registerAuxiliaryDriver(auxdrv, name, owner) as unknown as number)
  module_exit(() => a.unregisterAuxiliaryDriver(auxdrv) as unknown as void)
}

export function auxiliary_get_drvdata<T = unknown>(auxdev: a.auxiliary_device): T {
  return auxdev.dev.driver_data as T
}
export function auxiliary_set_drvdata(auxdev: a.auxiliary_device, data: unknown): void {
  auxdev.dev.driver_data = data
}
export const to_auxiliary_dev = quiet(
  (dev: device): a.auxiliary_device => hidden(dev).$parent as a.auxiliary_device,
)
export const dev_is_auxiliary = quiet((dev: device): boolean => dev.bus?.name === 'auxiliary')
/** The first part that fits, with a reference, or null. May sleep. */
export const auxiliary_find_device = kernelCall(
  'auxiliary_find_device',
  function* (
    _start: device | null,
    data: unknown,
    match: (dev: device, data: any) => number | boolean,
  ): Sim<a.auxiliary_device | null> {
    const dev = yield* findDevice(a.auxiliaryBusType(), data, match)
    return dev && to_auxiliary_dev(dev)
  },
)

function* createPart(
  dev: device, modname: string, devname: string, platform_data: unknown, id: number,
): Sim<a.auxiliary_device | null> {
  const auxdev = allocate(a.auxiliary_device, true)
  if (!auxdev) return null
  auxdev.name = devname
  auxdev.id = id
  auxdev.dev.parent = dev
  auxdev.dev.platform_data = platform_data
  auxdev.dev.release = () => slab(machine()).free(auxdev)
  if (a.initAuxiliary(auxdev)) {
    slab(machine()).free(auxdev)
    return null
  }
  if ((yield* a.addAuxiliary(auxdev, modname)) === 0) return auxdev
  yield* putDevice(auxdev.dev, 'creator')
  return null
}

function* destroyPart(auxdev: a.auxiliary_device): Sim {
  yield* deleteDevice(auxdev.dev)
  yield* putDevice(auxdev.dev, 'creator')
}

function* createManaged(
  dev: device, modname: string, devname: string, platform_data: unknown, id: number,
): Sim<a.auxiliary_device | null> {
  const auxdev = yield* createPart(dev, modname, devname, platform_data, id)
  if (!auxdev) return null
  const failed = yield* addActionOrReset(dev, destroyPart as never, auxdev)
  return failed ? null : auxdev
}

/** Makes and adds a part of `dev`: the part, or null. May sleep. Pair: `..._destroy`. */
export const auxiliary_device_create = kernelCall('auxiliary_device_create', createPart)
/** Deletes it and drops the first reference. May sleep. */
export const auxiliary_device_destroy = kernelCall('auxiliary_device_destroy', destroyPart)
/** The same as `auxiliary_device_create`; undone when `dev` loses its driver. */
export const __devm_auxiliary_device_create = kernelCall(
  '__devm_auxiliary_device_create', createManaged,
)
/** With the name of this module, and 0 as the number of the part. */
export const devm_auxiliary_device_create = kernelFrame(
  'devm_auxiliary_device_create',
  (dev: device, devname: string, platform_data: unknown): Sim<a.auxiliary_device | null> =>
    createManaged(dev, moduleName(), devname, platform_data, 0),
)
