import { machine } from '../engine/current'
import type { Sim } from '../engine/suspend'
import { kernelCall } from '../kernel/api'
import * as a from '../kernel/base/auxiliary'
import { deleteDevice, putDevice } from '../kernel/base/core'
import { modules } from '../kernel/base/module'
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
  (auxdev: a.auxiliary_device): Sim => putDevice(auxdev.dev),
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
