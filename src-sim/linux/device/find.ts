import { call, type Sim } from '../../engine/suspend'
import { kernelCall, quiet } from '../../kernel/api'
import { busPrivate, findDevice } from '../../kernel/base/bus'
import { forEachClassDevice } from '../../kernel/base/class'
import { forEachChild, getDevice, putDevice } from '../../kernel/base/core'
import type { bus_type, class_, device, device_driver } from '../../kernel/base/device'
import { runningContext } from '../../kernel/locking/ref-ledger'
import { EINVAL } from '../errno'

/**
 * Looking for devices and drivers. What is found comes with a reference: `put_device` it. Part of
 * `linux/device`.
 */
type Match = (dev: device, data: any) => number | boolean
type Visit = (dev: device, data: any) => number

// What to look for

/** Match functions for the walks: by name, number, parent ... 1 or 0. */
export const device_match_name = quiet((dev: device, name: string | null): number =>
  Number(name !== null && dev.$label === name),
)
export const device_match_devt = quiet((dev: device, devt: number): number =>
  Number(dev.devt === devt),
)
export const device_match_parent = quiet((dev: device, parent: device | null): number =>
  Number(dev.parent === parent),
)
export const device_match_type = quiet((dev: device, type: unknown): number =>
  Number(dev.type === type),
)
export const device_match_of_node = quiet((dev: device, node: object | null): number =>
  Number(node !== null && dev.of_node === node),
)
export const device_match_fwnode = device_match_of_node
export const device_match_acpi_dev = quiet((_dev: device, _adev: unknown): number => 0)
export const device_match_any = quiet((_dev: device, _data: unknown): number => 1)

const first = (data: unknown, match: Match, found: (dev: device) => void) =>
  function* (dev: device): Sim<number> {
    if (!(yield* call(() => match(dev, data)))) return 0
    found(getDevice(dev)!)
    return 1
  }

// On a bus

export const bus_find_device_by_devt = kernelCall(
  'bus_find_device_by_devt',
  (bus: bus_type, devt: number) => findDevice(bus, devt, (dev) => dev.devt === devt),
)
export const bus_find_device_by_of_node = kernelCall(
  'bus_find_device_by_of_node',
  (bus: bus_type, node: object | null) =>
    findDevice(bus, node, (dev) => device_match_of_node(dev, node)),
)
export const bus_find_device_by_fwnode = bus_find_device_by_of_node
/** The device after `cur` in the order of registration. */
export const bus_find_next_device = kernelCall(
  'bus_find_next_device',
  function* (bus: bus_type, cur: device | null): Sim<device | null> {
    const items = busPrivate(bus)?.devices.items ?? []
    return getDevice(items[cur === null ? 0 : items.indexOf(cur) + 1] ?? null)
  },
)
/** Calls `fn` for each driver of a bus until one answers something other than 0. May sleep. */
export const bus_for_each_drv = kernelCall(
  'bus_for_each_drv',
  function* (
    bus: bus_type,
    _start: device_driver | null,
    data: unknown,
    fn: (drv: device_driver, data: any) => number,
  ): Sim<number> {
    const own = busPrivate(bus)
    if (!own) return -EINVAL
    return yield* own.drivers.each(function* (drv) {
      return Number((yield* call(() => fn(drv, data))) ?? 0)
    })
  },
)
/** A registered driver by its name; it is not counted. */
export function driver_find(name: string, bus: bus_type): device_driver | null {
  return busPrivate(bus)?.drivers.find((drv) => drv.name === name) ?? null
}

// Of a driver

function* eachBound(drv: device_driver, visit: (dev: device) => Sim<number>): Sim<number> {
  for (const dev of [...(drv.$private?.bound ?? [])]) {
    const here = runningContext('driver_for_each_device')
    getDevice(dev, here)
    const ret = yield* visit(dev)
    yield* putDevice(dev, here)
    if (ret) return ret
  }
  return 0
}
/** Calls `fn` for each device that the driver is bound to. May sleep. */
export const driver_for_each_device = kernelCall(
  'driver_for_each_device',
  (drv: device_driver, _start: device | null, data: unknown, fn: Visit): Sim<number> =>
    eachBound(drv, function* (dev) {
      return Number((yield* call(() => fn(dev, data))) ?? 0)
    }),
)
export const driver_find_device = kernelCall(
  'driver_find_device',
  function* (
    drv: device_driver,
    _start: device | null,
    data: unknown,
    match: Match,
  ): Sim<device | null> {
    let found: device | null = null
    yield* eachBound(drv, first(data, match, (dev) => (found = dev)))
    return found
  },
)
export function driver_find_device_by_name(drv: device_driver, name: string): device | null {
  return driver_find_device(drv, null, name, device_match_name)
}

// Of a class

export const class_find_device = kernelCall(
  'class_find_device',
  function* (
    cls: class_,
    _start: device | null,
    data: unknown,
    match: Match,
  ): Sim<device | null> {
    let found: device | null = null
    yield* forEachClassDevice(cls, first(data, match, (dev) => (found = dev)))
    return found
  },
)
export function class_find_device_by_name(cls: class_, name: string): device | null {
  return class_find_device(cls, null, name, device_match_name)
}
export function class_find_device_by_devt(cls: class_, devt: number): device | null {
  return class_find_device(cls, null, devt, device_match_devt)
}
export function class_find_device_by_of_node(cls: class_, node: object | null): device | null {
  return class_find_device(cls, null, node, device_match_of_node)
}

// Below a device

export const device_find_child = kernelCall(
  'device_find_child',
  function* (parent: device, data: unknown, match: Match): Sim<device | null> {
    let found: device | null = null
    yield* forEachChild(parent, first(data, match, (dev) => (found = dev)))
    return found
  },
)
export function device_find_child_by_name(parent: device, name: string): device | null {
  return device_find_child(parent, name, device_match_name)
}
export function device_find_any_child(parent: device): device | null {
  return device_find_child(parent, null, device_match_any)
}
/** Calls `fn` for each child, newest first, until one answers something other than 0. */
export const device_for_each_child_reverse = kernelCall(
  'device_for_each_child_reverse',
  function* (parent: device, data: unknown, fn: Visit): Sim<number> {
    for (const dev of (parent.$private?.children.items ?? []).reverse()) {
      const ret = Number((yield* call(() => fn(dev, data))) ?? 0)
      if (ret) return ret
    }
    return 0
  },
)
