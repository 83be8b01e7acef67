import { machine } from '../../engine/current'
import { call, point, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { EEXIST, EINVAL } from '../errno'
import { WaitList } from '../sched/schedule'
import { warn } from '../printk/warn'
import { service } from '../../engine/service'
import { Hook } from '../../base/disposable'
import { device, type bus_type, type DeviceState, type kobject } from './device'
import { releaseDevres } from './devres'
import { refGet, refInit, refPut, refRead } from './refs'
import { removeDirectory, sysfs } from './sysfs'
import { detachDriver, probeDevice } from './bind'

/** What others may want to know about devices. */
export class DeviceCore {
  readonly on = {
    state: new Hook<[device, DeviceState]>(),
    /** After devres: whoever kept books about the binding can close them. */
    unbound: new Hook<[device, bus_type | null]>(),
  }
  /** Tasks that wait for a device lock. */
  readonly lockWaiters = new WaitList()
}

export const deviceCore = service(() => new DeviceCore())

export function setState(dev: device, state: DeviceState): void {
  dev.$state = state
  emit(ev.device_state, dev, state)
  deviceCore(machine()).on.state.emit(dev, state)
}

/** The mutex inside every device: probe and remove of one device exclude each other. */
export function* lockDevice(dev: device): Sim {
  const { lockWaiters } = deviceCore(machine())
  while (dev.$locked) yield* lockWaiters.waitUntil(() => !dev.$locked, dev, `device_lock of ${dev.$label}`)
  dev.$locked = true
}

export function unlockDevice(dev: device): void {
  dev.$locked = false
  deviceCore(machine()).lockWaiters.wakeAll()
}

// Counting

export function initKobject(kobj: kobject): void {
  refInit(kobj.kref)
}

export function getDevice(dev: device | null): device | null {
  if (dev) refGet(dev.kobj.kref)
  return dev
}

export function* putKobject(kobj: kobject | null): Sim {
  if (!kobj || !refPut(kobj.kref)) return
  const release = kobj.$release
  if (release) yield* call(() => release(kobj))
}

export function* putDevice(dev: device | null): Sim {
  if (dev) yield* putKobject(dev.kobj)
}

export const deviceRefs = (dev: device): number => refRead(dev.kobj.kref)

/** DM-01. */
export function initializeDevice(dev: device): void {
  initKobject(dev.kobj)
  dev.kobj.$release = () => releaseDevice(dev)
  dev.$state = 'no driver'
}

/** DM-08: the last reference is gone. */
function* releaseDevice(dev: device): Sim {
  yield* releaseDevres(dev)
  setState(dev, 'released')
  const { parent } = dev
  const release = dev.release ?? dev.class?.dev_release ?? null
  emit(ev.device_release, dev, release)
  if (release) yield* call(() => release(dev))
  else
    warn(
      machine(),
      'no-release',
      'drivers/base/core.c at device_release',
      `Device '${dev.$label}' does not have a release() function, it is broken and must be fixed. ` +
        'See Documentation/core-api/kobject.rst.',
      { objects: [dev], rules: ['DM-08'] },
    )
  void parent
}

/** DM-02. The creator's reference stays the creator's, whatever happens here. */
export function* addDevice(dev: device): Sim<number> {
  const name = dev.kobj.name ?? dev.init_name
  if (!name) return -EINVAL
  dev.kobj.name = name
  const tree = sysfs(machine())
  const parent = directoryFor(dev)
  const directory = tree.createDirectory(parent, name, dev)
  if (!directory) return -EEXIST
  dev.kobj.$directory = directory
  dev.kobj.state_in_sysfs = true
  if (dev.parent) {
    getDevice(dev.parent)
    dev.parent.$children.push(dev)
  }
  dev.$registered = true
  emit(ev.device_add, dev, dev.parent, dev.bus)
  setState(dev, 'no driver')
  if (dev.bus) {
    getDevice(dev)
    dev.bus.$devices.push(dev)
    tree.createLink(tree.ensureDirectory(`/bus/${dev.bus.name}/devices`), name, directory)
    yield point(addDevice, dev)
    yield* probeDevice(dev)
  }
  if (dev.class) tree.createLink(tree.ensureDirectory(`/class/${dev.class.name}`), name, directory)
  return 0
}

function directoryFor(dev: device) {
  const tree = sysfs(machine())
  const above = dev.parent?.kobj.$directory
  if (above) return above
  return tree.ensureDirectory(dev.class ? `/devices/virtual/${dev.class.name}` : '/devices')
}

/** DM-10. The driver is unbound after the device's own attributes went. */
export function* deleteDevice(dev: device): Sim {
  const tree = sysfs(machine())
  yield point(deleteDevice, dev)
  yield* lockDevice(dev)
  dev.$registered = false
  unlockDevice(dev)
  if (dev.class) tree.removeLink(tree.ensureDirectory(`/class/${dev.class.name}`), dev.$label)
  if (dev.bus) {
    tree.removeLink(tree.ensureDirectory(`/bus/${dev.bus.name}/devices`), dev.$label)
    const at = dev.bus.$devices.indexOf(dev)
    if (at >= 0) dev.bus.$devices.splice(at, 1)
    yield* detachDriver(dev)
  }
  yield* releaseDevres(dev)
  if (dev.kobj.$directory) yield* removeDirectory(dev.kobj.$directory)
  dev.kobj.state_in_sysfs = false
  setState(dev, 'zombie')
  emit(ev.device_del, dev, dev.parent)
  const { parent } = dev
  if (parent) {
    const at = parent.$children.indexOf(dev)
    if (at >= 0) parent.$children.splice(at, 1)
  }
  if (dev.bus) yield* putDevice(dev)
  if (parent) yield* putDevice(parent)
}

export function* unregisterDevice(dev: device): Sim {
  yield* deleteDevice(dev)
  yield* putDevice(dev)
}

export function* registerDevice(dev: device): Sim<number> {
  initializeDevice(dev)
  return yield* addDevice(dev)
}
