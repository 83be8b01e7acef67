import type { Sim } from '../../engine/suspend'
import { kernelCall, quiet } from '../../kernel/api'
import type { attribute_group } from '../../kernel/base/attributes'
import { getDevice } from '../../kernel/base/core'
import type { bus_type, class_, device, device_type } from '../../kernel/base/device'
import type { Walk } from '../../kernel/base/klist'
import type { kset } from '../../kernel/base/kobject'
import * as s from '../../kernel/base/subsys'

/** Walks over classes, and buses with a root of their own. Part of `linux/device`. */

export { subsys_interface } from '../../kernel/base/device'

/** A walk over the devices of a class. */
export class class_dev_iter {
  /** @internal */
  $class: class_ | null = null
  /** @internal */
  $walk: Walk<device> = { node: null }
  type: device_type | null = null
}

/** Begins a walk behind `start` (null: at the beginning), over devices of a type or all. */
export function class_dev_iter_init(
  iter: class_dev_iter, cls: class_, start: device | null, type: device_type | null,
): void {
  iter.$class = cls
  iter.type = type
  iter.$walk = cls.$private?.devices.walk(start) ?? { node: null }
}
/** The next device, which stays until the next step; null at the end. */
export const class_dev_iter_next = kernelCall(
  'class_dev_iter_next',
  function* (iter: class_dev_iter): Sim<device | null> {
    const own = iter.$class?.$private
    if (!own) return null
    for (;;) {
      const dev = yield* own.devices.next(iter.$walk)
      if (dev === null || iter.type === null || dev.type === iter.type) return dev
    }
  },
)
/** Ends a walk; it must have been begun. */
export const class_dev_iter_exit = kernelCall(
  'class_dev_iter_exit',
  function* (iter: class_dev_iter): Sim {
    yield* iter.$class?.$private?.devices.end(iter.$walk) ?? []
  },
)

type Groups = readonly attribute_group[] | null

/** Registers a bus whose devices are below /sys/devices/system/NAME. 0 or -errno. May sleep. */
export const subsys_system_register = kernelCall(
  'subsys_system_register',
  (subsys: bus_type, groups: Groups): Sim<number> => s.registerSubsystem(subsys, groups, 'system'),
)
/** The same below /sys/devices/virtual/NAME. */
export const subsys_virtual_register = kernelCall(
  'subsys_virtual_register',
  (subsys: bus_type, groups: Groups): Sim<number> => s.registerSubsystem(subsys, groups, 'virtual'),
)
/** Has `add_dev(dev, sif)` called for each device of a bus, also for later ones. 0 or -errno. */
export const subsys_interface_register = kernelCall(
  'subsys_interface_register', s.registerSubsysInterface,
)
export const subsys_interface_unregister = kernelCall(
  'subsys_interface_unregister', s.unregisterSubsysInterface,
)
/** What the devices of such a bus are below, with a reference; null for other buses. */
export const bus_get_dev_root = kernelCall('bus_get_dev_root', (bus: bus_type): device | null =>
  getDevice(bus.$private?.root ?? null),
)
export const bus_get_kset = quiet((bus: bus_type): kset | null => bus.$private?.set ?? null)
/** Puts the devices of a bus into an order: `compare` answers more than 0 when a comes after b. */
export function bus_sort_breadthfirst(
  bus: bus_type, compare: (a: device, b: device) => number,
): void {
  bus.$private?.devices.sort(compare)
}
