import { machine } from '../engine/current'
import { kernelCall, quiet } from '../kernel/api'
import * as core from '../kernel/base/core'
import { bus_type, class_, device, device_driver } from '../kernel/base/device'
import { addDevres, takeDevres } from '../kernel/base/devres'
import { registerDriver, unregisterDriver } from '../kernel/base/bind'
import { allocate, slab } from '../kernel/mm/slab'
import { mightSleep } from '../kernel/sched/schedule'
import { vsprintf } from '../kernel/printk/format'
import { warn } from '../kernel/printk/warn'
import { call, type Sim } from '../engine/suspend'
import { ENOMEM } from './errno'
import type { gfp_t } from './types'

/**
 * The driver core: `linux/device`. A reference to a device keeps its memory and nothing else; what
 * a driver may do follows from the binding, which only the device lock protects.
 */
export { bus_type, device, device_driver } from '../kernel/base/device'
export { kobject } from '../kernel/base/device'
export { dev_dbg, dev_err, dev_info, dev_notice, dev_warn } from './printk'
export { class_ as class }

/** Sets up a device's reference count to 1. From here on `put_device` ends it (DM-01). */
export const device_initialize = kernelCall('device_initialize', core.initializeDevice)
/** Makes an initialised device visible and looks for a driver. 0 or -errno. May sleep (DM-02). */
export const device_add = kernelCall('device_add', core.addDevice)
/** `device_initialize` and `device_add`. After an error: `put_device`, never `kfree` (DM-03). */
export const device_register = kernelCall('device_register', core.registerDevice)
/** Unbinds the driver and takes the device off its bus; it is a zombie until the last put (DM-10). */
export const device_del = kernelCall('device_del', core.deleteDevice)
/** `device_del` and `put_device`. */
export const device_unregister = kernelCall('device_unregister', core.unregisterDevice)
/** Takes a reference. It does not keep the driver bound (DM-05). Pair: `put_device`. */
export const get_device = kernelCall('get_device', core.getDevice)
/** Drops a reference; the last one runs `release` here and now (DM-08). */
export const put_device = kernelCall('put_device', core.putDevice)
/** Offers a driver to its bus. 0 or -errno, whatever the probes answered. May sleep (DM-13). */
export const driver_register = kernelCall('driver_register', registerDriver)
/** Unbinds all devices of a driver and takes it off its bus. May sleep. */
export const driver_unregister = kernelCall('driver_unregister', unregisterDriver)

export const dev_name = quiet(function dev_name(dev: device): string {
  return dev.kobj.name ?? dev.init_name ?? ''
})

/** Names a device before it is added; a C format. 0. */
export function dev_set_name(dev: device, format: string, ...args: unknown[]): number {
  dev.kobj.name = vsprintf(machine(), format, args)
  return 0
}

/** Keeps the driver's data with the device until unbinding clears it. */
export function dev_set_drvdata(dev: device, data: unknown): void {
  dev.driver_data = data
}

/** What `dev_set_drvdata` kept; null after unbinding. */
export function dev_get_drvdata<T = unknown>(dev: device): T {
  return dev.driver_data as T
}

/** The device lock: held by the core around probe and remove. May sleep. Pair: `device_unlock`. */
export const device_lock = kernelCall('device_lock', core.lockDevice)
export const device_unlock = kernelCall('device_unlock', core.unlockDevice)

/**
 * Zeroed memory that is freed when the device loses its driver: not for anything that an open file
 * or another holder can still reach then (DM-46). May sleep. Null when there is none.
 */
export function devm_kzalloc<T extends object>(dev: device, type: new () => T, gfp: gfp_t): T | null
export function devm_kzalloc(dev: device, size: number, gfp: gfp_t): Uint8Array | null
export function devm_kzalloc(dev: device, what: (new () => object) | number, _gfp: gfp_t): object | null {
  mightSleep('devm_kzalloc')
  const object = allocate(what as number, true) as object | null
  if (object) addDevres(dev, { name: 'devm_kzalloc_release', key: object, release: () => slab(machine()).free(object) })
  return object
}

/** Frees managed memory now. Something not managed by this device is a WARNING (DM-43). */
export function devm_kfree(dev: device, object: object): void {
  const node = takeDevres(dev, (n) => n.key === object)
  if (!node) {
    warn(machine(), 'devm-kfree', 'drivers/base/devres.c at devm_kfree', null, { rules: ['DM-43'] })
    return
  }
  slab(machine()).free(object)
}

type Action<T> = (data: T) => void

/** Has `action(data)` called when the device loses its driver, newest first. 0 or -ENOMEM. */
export function devm_add_action<T>(dev: device, action: Action<T>, data: T): number {
  addDevres(dev, { name: 'devm_action_release', key: action, release: () => action(data) })
  return 0
}

function* addActionOrReset<T>(dev: device, action: Action<T>, data: T): Sim<number> {
  const ret = devm_add_action(dev, action, data)
  if (ret) yield* call(() => action(data))
  return ret === 0 ? 0 : -ENOMEM
}

/** As `devm_add_action`; when that fails the action runs at once (DM-42). */
export const devm_add_action_or_reset = kernelCall('devm_add_action_or_reset', addActionOrReset) as <T>(
  dev: device,
  action: Action<T>,
  data: T,
) => number

/** Takes an action off without running it. */
export function devm_remove_action<T>(dev: device, action: Action<T>, _data: T): void {
  if (!takeDevres(dev, (n) => n.key === action))
    warn(machine(), 'devm-action', 'drivers/base/devres.c at devm_remove_action', null, { rules: ['DM-42'] })
}

/** A class of devices for user space. Pair: `class_destroy`. */
export function class_create(name: string): class_ {
  const c = new class_()
  c.name = name
  return c
}
export function class_destroy(_class: class_): void {}

function* createDevice(cls: class_, parent: device | null, devt: number, data: unknown, format: string, ...args: unknown[]): Sim<device> {
  const dev = new device()
  dev.class = cls
  dev.parent = parent
  dev.devt = devt
  dev.driver_data = data
  dev.release = () => {}
  dev.kobj.name = vsprintf(machine(), format, args)
  yield* core.registerDevice(dev)
  return dev
}
/** Makes and registers a device of a class. May sleep. Pair: `device_destroy`. */
export const device_create = kernelCall('device_create', createDevice)
