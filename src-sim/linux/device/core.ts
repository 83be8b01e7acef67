import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { kernelCall, quiet } from '../../kernel/api'
import type { attribute_group } from '../../kernel/base/attributes'
import { attachDriver, probeNewDevice } from '../../kernel/base/attach'
import { bindWithoutProbe } from '../../kernel/base/bind'
import { registerInterface, unregisterInterface } from '../../kernel/base/class'
import * as core from '../../kernel/base/core'
import { class_, device, type ClassInterface, type device_driver } from '../../kernel/base/device'
import { deferProbe } from '../../kernel/base/deferred'
import { kobject } from '../../kernel/base/kobject'
import { moveDevice } from '../../kernel/base/move'
import { rename } from '../../kernel/base/rename'
import { setOverride } from '../../kernel/base/driver-override'
import { shutDownDevices } from '../../kernel/base/shutdown'
import { hidden } from '../../engine/object'
import { allocate, slab } from '../../kernel/mm/slab'
import { vsprintf } from '../../kernel/printk/format'
import { warnHere } from '../../kernel/printk/warn'
import { ENOMEM } from '../errno'
import { ERR_PTR } from '../err'

/** More of the driver core. Part of `linux/device`. */

/** Who is told about the devices of a class. Pair: `class_interface_unregister`. */
export type class_interface = ClassInterface
/** Has `add_dev` called for each device of the class, also for later ones. 0 or -errno. */
export const class_interface_register = kernelCall('class_interface_register', registerInterface)
export const class_interface_unregister = kernelCall(
  'class_interface_unregister',
  unregisterInterface,
)
export const class_is_registered = quiet((cls: class_): boolean => cls.$private !== null)

/** As `device_create`, with files that are there before user space is told. May sleep. */
export const device_create_with_groups = kernelCall(
  'device_create_with_groups',
  function* (
    cls: class_,
    parent: device | null,
    devt: number,
    drvdata: unknown,
    groups: readonly attribute_group[] | null,
    fmt: string,
    ...args: unknown[]
  ): Sim<device> {
    const dev = allocate(device, true)
    if (!dev) return ERR_PTR<device>(-ENOMEM)
    Object.assign(dev, { class: cls, parent, devt, groups, driver_data: drvdata })
    dev.release = (d) => slab(machine()).free(d)
    dev.init_name = vsprintf(machine(), fmt, args)
    const error = yield* core.registerDevice(dev)
    if (error === 0) return dev
    yield* core.putDevice(dev)
    return ERR_PTR<device>(error)
  },
)

/** Offers a driver to every device of its bus; errors stay with the devices. 0. May sleep. */
export const driver_attach = kernelCall('driver_attach', function* (
  drv: device_driver,
): Sim<number> {
  yield* attachDriver(drv)
  return 0
})
/** Looks for a driver for a device, if the bus does that by itself. May sleep. */
export const device_initial_probe = kernelCall('device_initial_probe', probeNewDevice)
/** Binds the driver in `dev->driver` without calling its probe. 0 or -errno. May sleep. */
export const device_bind_driver = kernelCall('device_bind_driver', bindWithoutProbe)
/** Has a device tried again with the next round of deferred probes. */
export function driver_deferred_probe_add(dev: device): void {
  deferProbe(dev)
}
/** Only the driver of this name may bind; null or a newline removes that. 0 or -errno. */
export function driver_set_override(dev: device, override: string | null): number {
  return setOverride(dev, override ?? '\n')
}
/** Shuts all devices down, last one first (DM-106). May sleep. */
export const device_shutdown = kernelCall('device_shutdown', shutDownDevices)

/** Marks a device as dead: no driver may bind any more. False when it was. Device lock held. */
export function kill_device(dev: device): boolean {
  if (dev.$private?.dead !== false) return false
  dev.$private.dead = true
  return true
}
/** Gives a registered device another name. 0 or -errno. May sleep. */
export const device_rename = kernelCall('device_rename', (dev: device, name: string): number =>
  rename(dev.kobj, name),
)

export const DPM_ORDER_NONE = 0
export const DPM_ORDER_DEV_AFTER_PARENT = 1
export const DPM_ORDER_PARENT_BEFORE_DEV = 2
export const DPM_ORDER_DEV_LAST = 3
/** Puts a registered device under another one, or under none. 0 or -errno. May sleep. */
export const device_move = kernelCall(
  'device_move',
  (dev: device, new_parent: device | null, _dpm_order: number): Sim<number> =>
    moveDevice(dev, new_parent),
)

/** A WARNING unless the device lock is held. */
export function device_lock_assert(dev: device): void {
  if (!dev.$locked) warnHere(machine(), 'device-lock', null, { rules: ['DM-16'] })
}

// What a device is

export const kobj_to_dev = quiet((kobj: kobject): device => hidden(kobj).$parent as device)
export const dev_bus_name = quiet((dev: device): string => dev.bus?.name ?? dev.class?.name ?? '')
/** NUMA_NO_NODE: this machine has no memory nodes. */
export const dev_to_node = quiet((_dev: device): number => -1)
export function set_dev_node(_dev: device, _node: number): void {}
export const dev_get_uevent_suppress = quiet((dev: device): number =>
  Number(dev.kobj.uevent_suppress),
)
/** Silences (or not) what user space is told about a device. */
export function dev_set_uevent_suppress(dev: device, value: number | boolean): void {
  dev.kobj.uevent_suppress = Boolean(value)
}
export { device_iommu_mapped } from '../iommu/mapped'
export const dev_has_sync_state = quiet((dev: device): boolean =>
  Boolean(dev.driver?.sync_state ?? dev.bus?.sync_state),
)
export const DEVICE_REMOVABLE_NOT_SUPPORTED = 0
export const DEVICE_REMOVABLE_UNKNOWN = 1
export const DEVICE_FIXED = 2
export const DEVICE_REMOVABLE = 3
/** Says whether users can take the device out. */
export function dev_set_removable(dev: device, removable: number): void {
  dev.removable = removable
}
export const dev_is_removable = quiet((dev: device): boolean => dev.removable === DEVICE_REMOVABLE)
export const dev_removable_is_valid = quiet((dev: device): boolean =>
  dev.removable !== DEVICE_REMOVABLE_NOT_SUPPORTED,
)
/** System sleep is not simulated: these only take note. */
export function device_enable_async_suspend(_dev: device): void {}
export function device_set_pm_not_required(dev: device): void {
  dev.power.no_pm = true
}
export function dev_pm_syscore_device(_dev: device, _value: boolean): void {}
/** Whether `target` is `dev` or depends on it. */
export function device_is_dependent(dev: device, target: device): number {
  return dev === target ? 1 : Number(dev.$consumers.some((l) => l.consumer === target))
}

/** A module whose init and exit only register and unregister a driver of some bus. */
export { module_driver } from './module-driver'
