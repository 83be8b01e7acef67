import { machine } from '../../engine/current'
import { call, point, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { EBUSY, EINVAL, ENODEV, ENXIO, EPROBE_DEFER } from '../errno'
import { kernelLog } from '../printk/log'
import { bus_type, type device, type device_driver } from './device'
import { deviceCore, lockDevice, setState, unlockDevice } from './core'
import { releaseDevres } from './devres'
import { removeDirectory, removeFile, sysfs, type SysfsDirectory } from './sysfs'

/** Binding and unbinding: drivers/base/dd.c and the driver half of drivers/base/bus.c. */

function matches(dev: device, drv: device_driver): boolean {
  const match = drv.bus!.match
  if (!match) return true
  const answer = machine().runtime.atomic<number | boolean>(match(dev, drv))
  return typeof answer === 'boolean' ? answer : answer > 0
}

/** Tries every driver of the bus until one takes the device. */
export function* probeDevice(dev: device): Sim {
  yield* lockDevice(dev)
  for (const drv of [...(dev.bus?.$drivers ?? [])]) {
    if (dev.driver || !dev.$registered) break
    if (matches(dev, drv)) yield* bindLocked(dev, drv)
  }
  unlockDevice(dev)
}

/** Binds one driver to one device that is free. 0, or the errno of what failed. */
export function* bindDriver(dev: device, drv: device_driver): Sim<number> {
  yield* lockDevice(dev)
  const ret = dev.driver ? -EBUSY : !dev.$registered ? -ENODEV : yield* bindLocked(dev, drv)
  unlockDevice(dev)
  return ret
}

function* bindLocked(dev: device, drv: device_driver): Sim<number> {
  const { bus } = dev
  if (bus?.dma_configure) {
    const configure = bus.dma_configure
    const ret = yield* call(() => configure(dev))
    if (ret) return ret
  }
  dev.driver = drv
  setState(dev, 'probing')
  const probe = bus?.probe ?? drv.probe
  emit(ev.probe_start, dev, drv, drv.probe)
  yield point(bindDriver, dev)
  const ret = probe ? yield* call(() => probe(dev)) : 0
  emit(ev.probe_end, dev, drv, Number(ret) | 0)
  if (ret) {
    if (bus?.dma_cleanup) yield* call(() => bus.dma_cleanup!(dev))
    yield* cleanUp(dev)
    complain(dev, drv, ret)
    return ret
  }
  drv.$bound.push(dev)
  setState(dev, 'bound')
  emit(ev.device_bind, dev, drv)
  linkBound(dev, drv)
  return 0
}

/** What a failed probe prints: nothing for "not mine", an error for the rest. */
function complain(dev: device, drv: device_driver, ret: number): void {
  if (ret === -ENODEV || ret === -ENXIO || ret === -EPROBE_DEFER) return
  kernelLog(machine()).print(3, `${drv.name} ${dev.$label}: probe with driver ${drv.name} failed with error ${ret}\n`)
}

function* cleanUp(dev: device): Sim {
  yield* releaseDevres(dev)
  dev.driver = null
  dev.driver_data = null
  setState(dev, dev.$registered ? 'no driver' : 'zombie')
}

/** Section U of the teardown order: what every unbinding does. */
export function* detachDriver(dev: device, only: device_driver | null = null): Sim<boolean> {
  yield* lockDevice(dev)
  const drv = dev.driver
  const bound = drv !== null && dev.$state === 'bound' && (only === null || drv === only)
  if (bound) yield* detachLocked(dev, drv)
  unlockDevice(dev)
  return bound
}

function* detachLocked(dev: device, drv: device_driver): Sim {
  const { bus } = dev
  setState(dev, 'unbinding')
  unlinkBound(dev, drv)
  yield point(detachDriver, dev)
  const remove = bus?.remove ?? drv.remove
  emit(ev.remove_start, dev, drv, drv.remove)
  if (remove) yield* call(() => remove(dev))
  emit(ev.remove_end, dev, drv)
  yield point(detachDriver, dev)
  if (bus?.dma_cleanup) yield* call(() => bus.dma_cleanup!(dev))
  const at = drv.$bound.indexOf(dev)
  if (at >= 0) drv.$bound.splice(at, 1)
  emit(ev.device_unbind, dev, drv)
  yield* cleanUp(dev)
  deviceCore(machine()).on.unbound.emit(dev, bus)
}

function driverDirectory(drv: device_driver): SysfsDirectory {
  return sysfs(machine()).ensureDirectory(`/bus/${drv.bus!.name}/drivers/${drv.name}`)
}

function linkBound(dev: device, drv: device_driver): void {
  const own = dev.kobj.$directory
  if (!own) return
  const directory = driverDirectory(drv)
  sysfs(machine()).createLink(directory, dev.$label, own)
  sysfs(machine()).createLink(own, 'driver', directory)
}

function unlinkBound(dev: device, drv: device_driver): void {
  sysfs(machine()).removeLink(driverDirectory(drv), dev.$label)
  if (dev.kobj.$directory) sysfs(machine()).removeLink(dev.kobj.$directory, 'driver')
}

/** DM-12, DM-13. */
export function* registerDriver(drv: device_driver): Sim<number> {
  const bus = drv.bus
  if (!(bus instanceof bus_type)) return -EINVAL
  if (bus.$drivers.some((d) => d.name === drv.name)) {
    kernelLog(machine()).print(3, `Error: Driver '${drv.name}' is already registered, aborting...\n`)
    return -EBUSY
  }
  bus.$drivers.push(drv)
  emit(ev.driver_register, drv, bus, drv.owner)
  for (const dev of [...bus.$devices]) {
    yield* lockDevice(dev)
    if (!dev.driver && dev.$registered && matches(dev, drv)) yield* bindLocked(dev, drv)
    unlockDevice(dev)
  }
  addBindFiles(drv)
  return 0
}

function addBindFiles(drv: device_driver): void {
  const tree = sysfs(machine())
  const directory = driverDirectory(drv)
  if (drv.suppress_bind_attrs) return
  const find = (text: string): device | undefined =>
    drv.bus!.$devices.find((d) => d.$label === text.trim())
  tree.createFile(directory, 'unbind', {
    *store(text) {
      const dev = find(text)
      if (!dev || dev.driver !== drv) return -ENODEV
      yield* detachDriver(dev, drv)
      return text.length
    },
  })
  tree.createFile(directory, 'bind', {
    *store(text) {
      const dev = find(text)
      if (!dev || !matches(dev, drv)) return -ENODEV
      const ret = yield* bindDriver(dev, drv)
      return ret === 0 ? text.length : ret
    },
  })
}

/** Takes a driver off its bus and unbinds it, last bound device first. */
export function* unregisterDriver(drv: device_driver): Sim {
  const bus = drv.bus!
  const directory = driverDirectory(drv)
  yield* removeFile(directory, 'bind')
  yield* removeFile(directory, 'unbind')
  const at = bus.$drivers.indexOf(drv)
  if (at >= 0) bus.$drivers.splice(at, 1)
  for (let dev = drv.$bound.at(-1); dev; dev = drv.$bound.at(-1)) yield* detachDriver(dev, drv)
  yield* removeDirectory(directory)
  emit(ev.driver_unregister, drv, bus, drv.owner)
}
