import { machine } from '../engine/current'
import { acquireOn } from '../kernel/locking/access'
import { kernelCall, quiet } from '../kernel/api'
import { createFile, removeAttribute, wrapAttribute } from '../kernel/base/attributes'
import { attachDevice } from '../kernel/base/attach'
import { releaseDriver, waitForProbes } from '../kernel/base/bind'
import * as b from '../kernel/base/bus'
import * as c from '../kernel/base/class'
import * as core from '../kernel/base/core'
import {
  class_,
  device,
  type bus_type,
  type device_attribute,
  type device_driver,
  type driver_attribute,
} from '../kernel/base/device'
import { setOverride } from '../kernel/base/driver-override'
import { checkDeferral, deferredReason } from '../kernel/base/deferred'
import { setKobjectName } from '../kernel/base/kobject'
import * as links from '../kernel/base/links'
import type { notifier_block } from '../kernel/base/notifier'
import { vsprintf } from '../kernel/printk/format'
import { allocate, slab } from '../kernel/mm/slab'
import { call, type Sim } from '../engine/suspend'
import { EINVAL, ENOMEM, EPROBE_DEFER } from './errno'
import { errorName } from '../kernel/errno'
import { ERR_PTR } from './err'

/** Brought along, as by the C header. */
export * from './atomic'
export * from './cleanup'
export * from './compiler'
export * from './gfp'
export * from './ioport'
export * from './kernel'
export * from './kobject'
export * from './list'
export * from './lockdep'
export * from './mutex'
export * from './pm_wakeup'
export * from './slab'
export * from './types'

/**
 * The driver core: `linux/device`. A reference to a device keeps its memory and nothing else; what
 * a driver may do follows from the binding, which only the device lock protects.
 */
export {
  bus_type,
  device,
  device_driver,
  PROBE_DEFAULT_STRATEGY,
  PROBE_FORCE_SYNCHRONOUS,
  PROBE_PREFER_ASYNCHRONOUS,
  type device_attribute,
  type device_type,
  type driver_attribute,
} from '../kernel/base/device'
export { kobject } from '../kernel/base/kobject'
export {
  device_link,
  DL_FLAG_AUTOPROBE_CONSUMER,
  DL_FLAG_AUTOREMOVE_CONSUMER,
  DL_FLAG_AUTOREMOVE_SUPPLIER,
  DL_FLAG_MANAGED,
  DL_FLAG_PM_RUNTIME,
  DL_FLAG_RPM_ACTIVE,
  DL_FLAG_STATELESS,
  DL_FLAG_SYNC_STATE_ONLY,
} from '../kernel/base/links'
export * from './devres'
export * from './devres/more'
export * from './devres/percpu'
export * from './device/attributes'
export { device_create_bin_file, device_remove_bin_file } from './sysfs/binary'
export * from './device/core'
export * from './device/find'
export * from './device/messages'
export * from './device/online'
export * from './device/subsys'
export { builtin_driver } from './device/module-driver'
export { dev_dbg, dev_err, dev_info, dev_notice, dev_warn } from './printk'
export { class_ as class }

/** Sets up a device's reference count to 1. From here on `put_device` ends it (DM-01). */
export const device_initialize = kernelCall('device_initialize', core.initializeDevice)
/** Makes an initialised device visible and looks for a driver. 0 or -errno. May sleep (DM-02). */
export const device_add = kernelCall('device_add', core.addDevice)
/** `device_initialize` and `device_add`. After an error: `put_device`, never `kfree` (DM-03). */
export const device_register = kernelCall('device_register', core.registerDevice)
/**
 * Unbinds the driver and takes the device off its bus; it is a zombie until the last put (DM-10).
 */
export const device_del = kernelCall('device_del', core.deleteDevice)
/** `device_del` and `put_device`. */
export const device_unregister = kernelCall('device_unregister', core.unregisterDevice)
/** Takes a reference. It does not keep the driver bound (DM-05). Pair: `put_device`. */
export const get_device = kernelCall('get_device', core.getDevice) as <T extends device | null>(
  dev: T,
) => T
/** Drops a reference; the last one runs `release` here and now (DM-08). */
export const put_device = kernelCall('put_device', core.putDevice)
/** Offers a driver to its bus. 0 or -errno, whatever the probes answered. May sleep (DM-13). */
export const driver_register = kernelCall('driver_register', b.registerDriver)
/** Unbinds all devices of a driver and takes it off its bus. May sleep (DM-34). */
export const driver_unregister = kernelCall('driver_unregister', b.unregisterDriver)
/** Makes a bus known. 0 or -errno. May sleep. Pair: `bus_unregister`. */
export const bus_register = kernelCall('bus_register', b.registerBus)
export const bus_unregister = kernelCall('bus_unregister', b.unregisterBus)
/** Looks for a driver: 1 bound, 0 nobody took it, or what ended the search. May sleep (DM-23). */
export const device_attach = kernelCall('device_attach', (dev: device) => attachDevice(dev))
/** Unbinds the driver, whatever it is. May sleep; not from the device's own probe or remove. */
export const device_release_driver = kernelCall('device_release_driver', (dev: device) =>
  releaseDriver(dev),
)
/** Binds one driver to one device. 0 or -errno. May sleep. */
export const device_driver_attach = kernelCall('device_driver_attach', b.attachHere)
/** Unbinds and looks for a driver again. May sleep. */
export const device_reprobe = kernelCall('device_reprobe', function* (dev: device): Sim<number> {
  if (dev.driver) yield* releaseDriver(dev)
  return yield* b.rescanBus(dev.bus!)
})
export const bus_rescan_devices = kernelCall('bus_rescan_devices', b.rescanBus)
/** Waits until no probe runs and none is about to. May sleep. */
export const wait_for_device_probe = kernelCall('wait_for_device_probe', waitForProbes)

export const dev_name = quiet(function dev_name(dev: device): string {
  return dev.kobj.name ?? dev.init_name ?? ''
})

/** Names a device before it is added; a C format. 0. */
export function dev_set_name(dev: device, format: string, ...args: unknown[]): number {
  setKobjectName(dev.kobj, vsprintf(machine(), format, args))
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
export function dev_get_platdata<T = unknown>(dev: device): T {
  return dev.platform_data as T
}

/** Added and not deleted. */
export function device_is_registered(dev: device): boolean {
  return core.isRegistered(dev)
}
/** The probe has succeeded and the unbinding is not over: false inside `probe` (DM-19). */
export function device_is_bound(dev: device): boolean {
  return dev.$bound
}
/** Lets only the named driver bind. 0 or -errno (DM-50). */
export function device_set_driver_override(dev: device, s: string): number {
  return setOverride(dev, s)
}

/** The device lock: held by the core around probe and remove. May sleep. Pair: `device_unlock`. */
export const device_lock = kernelCall('device_lock', core.lockDevice)
/** The same, unless a signal comes first: 0 or -EINTR. */
export const device_lock_interruptible = kernelCall(
  'device_lock_interruptible', core.lockDeviceInterruptible,
)
export const device_unlock = kernelCall('device_unlock', core.unlockDevice)
export function device_trylock(dev: device): number {
  if (dev.$locked) return 0
  dev.$locked = true
  acquireOn(dev.$lockWaiters)
  return 1
}

function probeFailed(dev: device, level: number, err: number, text: string): number {
  if (err === -EPROBE_DEFER) deferredReason(dev, text)
  if (err !== -ENOMEM)
    core.deviceLog(dev, err === -EPROBE_DEFER ? 7 : level, `error ${errorName(err)}: ${text}`)
  return err
}

/**
 * Prints an error and answers `err`. -EPROBE_DEFER becomes a debug line and is kept as the reason
 * of the deferral; nothing is printed for -ENOMEM.
 */
export function dev_err_probe(
  dev: device,
  err: number,
  format: string,
  ...args: unknown[]
): number {
  return probeFailed(dev, 3, err, vsprintf(machine(), format, args).trimEnd())
}
/** As `dev_err_probe`, as a warning: the driver goes on. */
export function dev_warn_probe(
  dev: device,
  err: number,
  format: string,
  ...args: unknown[]
): number {
  return probeFailed(dev, 4, err, vsprintf(machine(), format, args).trimEnd())
}
/**
 * What a driver answers while a supplier is missing: -EPROBE_DEFER, or -ETIMEDOUT when the time for
 * deferred probes is over.
 */
export function driver_deferred_probe_check_state(dev: device): number {
  return checkDeferral(dev)
}

// Attributes

function make(name: string, mode: number, show: unknown, store: unknown): device_attribute {
  const whole = { attr: { name, mode }, show: show ?? null, store: store ?? null }
  return wrapAttribute(whole as device_attribute)
}
type Show = device_attribute['show']
type Store = device_attribute['store']

/** A file of a device. Its functions are called with the device and the attribute. */
export function DEVICE_ATTR(
  name: string,
  mode: number,
  show: Show,
  store: Store,
): device_attribute {
  return make(name, mode, show, store)
}
export function DEVICE_ATTR_RO(name: string, show: Show): device_attribute {
  return make(name, 0o444, show, null)
}
export function DEVICE_ATTR_WO(name: string, store: Store): device_attribute {
  return make(name, 0o200, null, store)
}
export function DEVICE_ATTR_RW(name: string, show: Show, store: Store): device_attribute {
  return make(name, 0o644, show, store)
}
/** A file of a driver. */
export function DRIVER_ATTR(
  name: string,
  mode: number,
  show: driver_attribute['show'],
  store: driver_attribute['store'],
): driver_attribute {
  return wrapAttribute({ attr: { name, mode }, show: show ?? null, store: store ?? null })
}

/** Adds a file to a device's directory. 0 or -errno. May sleep. Pair: `device_remove_file`. */
export const device_create_file = kernelCall(
  'device_create_file',
  (dev: device, attr: device_attribute): number => {
    core.useDevice(dev, 'device_create_file', 'registered')
    return createFile(dev.kobj, attr)
  },
)
/** Removes the file and waits for those inside its functions (DM-52). May sleep. */
export const device_remove_file = kernelCall(
  'device_remove_file',
  (dev: device, attr: device_attribute): Sim => removeAttribute(dev.kobj, attr),
)
export const driver_create_file = kernelCall(
  'driver_create_file',
  (drv: device_driver, attr: driver_attribute): number =>
    drv.$private ? createFile(drv.$private.kobj, attr) : -EINVAL,
)
export const driver_remove_file = kernelCall(
  'driver_remove_file',
  function* (drv: device_driver, attr: driver_attribute): Sim {
    if (drv.$private) yield* removeAttribute(drv.$private.kobj, attr)
  },
)

// Links

/** `consumer` needs `supplier` bound. The link, or null when it cannot be (DM-38). May sleep. */
export const device_link_add = kernelCall('device_link_add', links.addLink)
/** Gives a stateless link back. */
export const device_link_del = kernelCall('device_link_del', links.removeLink)
export const device_link_remove = kernelCall(
  'device_link_remove',
  function* (consumer: device, supplier: device): Sim {
    yield* links.removeLink(consumer.$suppliers.find((l) => l.supplier === supplier) ?? null)
  },
)

// Walking

type Visit = (dev: device, data: any) => number
const visiting = (fn: Visit, data: unknown) =>
  function* (dev: device): Sim<number> {
    return Number((yield* call(() => fn(dev, data))) ?? 0)
  }

/** Calls `fn` for each device of a bus until one answers something other than 0. May sleep. */
export const bus_for_each_dev = kernelCall(
  'bus_for_each_dev',
  (bus: bus_type, _start: device | null, data: unknown, fn: Visit) =>
    b.forEachDevice(bus, visiting(fn, data)),
)
/** The first device that fits, with a reference for the caller. May sleep. */
export const bus_find_device = kernelCall(
  'bus_find_device',
  (
    bus: bus_type,
    _start: device | null,
    data: unknown,
    match: (dev: device, data: any) => number | boolean,
  ) => b.findDevice(bus, data, match),
)
export const bus_find_device_by_name = kernelCall(
  'bus_find_device_by_name',
  (bus: bus_type, _start: device | null, name: string) =>
    b.findDevice(bus, name, (d) => d.$label === name),
)
export const device_for_each_child = kernelCall(
  'device_for_each_child',
  (parent: device, data: unknown, fn: Visit) => core.forEachChild(parent, visiting(fn, data)),
)
export const class_for_each_device = kernelCall(
  'class_for_each_device',
  (cls: class_, _start: device | null, data: unknown, fn: Visit) =>
    c.forEachClassDevice(cls, visiting(fn, data)),
)
/** Tells `nb` about the devices of a bus. 0 or -errno. */
export function bus_register_notifier(bus: bus_type, nb: notifier_block): number {
  return bus.$private ? bus.$private.notifiers.register(nb) : -EINVAL
}
export const bus_unregister_notifier = kernelCall(
  'bus_unregister_notifier',
  (bus: bus_type, nb: notifier_block) =>
    bus.$private ? bus.$private.notifiers.unregister(nb) : -EINVAL,
)
export const BUS_NOTIFY_ADD_DEVICE = 0
export const BUS_NOTIFY_DEL_DEVICE = 1
export const BUS_NOTIFY_REMOVED_DEVICE = 2
export const BUS_NOTIFY_BIND_DRIVER = 3
export const BUS_NOTIFY_BOUND_DRIVER = 4
export const BUS_NOTIFY_UNBIND_DRIVER = 5
export const BUS_NOTIFY_UNBOUND_DRIVER = 6
export const BUS_NOTIFY_DRIVER_NOT_BOUND = 7

// Classes

export const class_register = kernelCall('class_register', c.registerClass)
export const class_unregister = kernelCall('class_unregister', c.unregisterClass)

/** A class of devices for user space, or an error pointer. May sleep. Pair: `class_destroy`. */
export const class_create = kernelCall('class_create', function* (name: string): Sim<class_> {
  const cls = new class_({ name })
  const error = yield* c.registerClass(cls)
  return error ? ERR_PTR<class_>(error) : cls
})
export const class_destroy = kernelCall('class_destroy', c.unregisterClass)

/** Makes and registers a device of a class (with a node in /dev for `devt`). May sleep. */
export const device_create = kernelCall(
  'device_create',
  function* (
    cls: class_,
    parent: device | null,
    devt: number,
    drvdata: unknown,
    fmt: string,
    ...args: unknown[]
  ): Sim<device> {
    const dev = allocate(device, true)
    if (!dev) return ERR_PTR<device>(-12)
    dev.class = cls
    dev.parent = parent
    dev.devt = devt
    dev.driver_data = drvdata
    dev.release = (d) => slab(machine()).free(d)
    setKobjectName(dev.kobj, vsprintf(machine(), fmt, args))
    const error = yield* core.registerDevice(dev)
    if (error === 0) return dev
    yield* core.putDevice(dev)
    return ERR_PTR<device>(error)
  },
)

/** Unregisters what `device_create` made. May sleep. */
export const device_destroy = kernelCall(
  'device_destroy',
  function* (cls: class_, devt: number): Sim {
    const dev = cls.$private?.devices.find((d) => d.devt === devt)
    if (dev) yield* core.unregisterDevice(dev)
  },
)

/** A device that only stands for a subsystem, below /sys/devices. May sleep. */
export const root_device_register = kernelCall(
  'root_device_register',
  function* (name: string): Sim<device> {
    const dev = allocate(device, true)
    if (!dev) return ERR_PTR<device>(-12)
    dev.release = (d) => slab(machine()).free(d)
    setKobjectName(dev.kobj, name)
    const error = yield* core.registerDevice(dev)
    if (error === 0) return dev
    yield* core.putDevice(dev)
    return ERR_PTR<device>(error)
  },
)
export const root_device_unregister = kernelCall('root_device_unregister', core.unregisterDevice)
