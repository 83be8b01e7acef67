import { machine } from '../../engine/current'
import { hidden } from '../../engine/object'
import { service } from '../../engine/service'
import { call, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { EAGAIN, EBUSY, EINVAL, ENODEV, EPROBE_DEFER } from '../errno'
import { step } from '../api'
import { runningContext, type RefOwner } from '../locking/ref-ledger'
import { kernelLog } from '../printk/log'
import { warn } from '../printk/warn'
import { attributeCall, createGroups, removeGroups } from './attributes'
import { attachDevice, attachDriver, matchDriver } from './attach'
import { bindHere, detachDriverFromAll, releaseDriver } from './bind'
import { addOverrideFile } from './driver-override'
import { deferredProbes } from './deferred'
import { getDevice, lockDevice, putDevice, unlockDevice, unregisterDevice } from './core'
import { bus_type, type BusPrivate, type device, type device_driver } from './device'
import { KList } from './klist'
import { addInternal, deleteKobject, initKobject, kobject, kset, putKobject } from './kobject'
import { NotifierChain } from './notifier'
import { removeFile, sysfs } from './sysfs'
import { sendUevent } from './uevent'

/** Who is told, and of what: numbers as in include/linux/device/bus.h. */
const EVENTS = {
  add: 0,
  del: 1,
  removed: 2,
  bind: 3,
  bound: 4,
  unbind: 5,
  unbound: 6,
  'not bound': 7,
} as const
export type BusEvent = keyof typeof EVENTS

/** All registered buses. */
class Buses {
  readonly set = makeSet('bus', '/bus')
  readonly all: bus_type[] = []
}

/** A set of kobjects with a directory at a fixed place. */
export function makeSet(name: string, path: string): kset {
  const set = new kset()
  initKobject(set.kobj, null)
  set.kobj.name = name
  set.kobj.state_in_sysfs = true
  set.kobj.$directory = sysfs(machine()).ensureDirectory(path)
  return set
}

const listed = (bus: bus_type): RefOwner => ({ holder: bus, why: 'list of the bus' })

export const buses = service(() => new Buses())

export function* notifyBus(dev: device, event: BusEvent): Sim {
  const chain = dev.bus?.$private?.notifiers
  if (chain && chain.blocks.length > 0) yield* chain.callChain(EVENTS[event], dev)
}

export function* registerBus(bus: bus_type): Sim<number> {
  const all = buses(machine())
  const set = new kset()
  initKobject(set.kobj, null)
  set.kobj.name = bus.name
  set.kobj.kset = all.set
  const error = yield* addInternal(set.kobj)
  if (error) return error
  const path = set.kobj.$directory!.path
  bus.$private = {
    devices: new KList<device>((dev) => putDevice(dev, listed(bus))),
    drivers: new KList<device_driver>(),
    notifiers: new NotifierChain(),
    set,
    driversSet: makeSet('drivers', `${path}/drivers`),
    devicesSet: makeSet('devices', `${path}/devices`),
    autoprobe: true,
    interfaces: [],
    root: null,
  }
  bus.$private.set.uevent_ops = { filter: () => false }
  bus.$private.driversSet.uevent_ops = { name: () => 'drivers' }
  all.all.push(bus)
  addBusFiles(bus, bus.$private)
  if (bus.bus_groups) return createGroups(set.kobj, bus.bus_groups)
  return 0
}

function addBusFiles(bus: bus_type, own: BusPrivate): void {
  const tree = sysfs(machine())
  const directory = own.set.kobj.$directory!
  tree.createFile(directory, 'drivers_probe', {
    *store(text) {
      const dev = own.devices.find((d) => d.$label === text.trim())
      if (!dev) return -ENODEV
      const ret = dev.driver ? 0 : yield* attachDevice(dev)
      return ret < 0 ? -EINVAL : text.length
    },
  })
  tree.createFile(directory, 'drivers_autoprobe', {
    *show() {
      return own.autoprobe ? '1\n' : '0\n'
    },
    *store(text) {
      own.autoprobe = text[0] !== '0'
      return text.length
    },
  })
}

export function* unregisterBus(bus: bus_type): Sim {
  const own = bus.$private
  if (!own) return
  if (own.root) yield* unregisterDevice(own.root)
  if (bus.bus_groups) yield* removeGroups(own.set.kobj, bus.bus_groups)
  yield* deleteKobject(own.set.kobj)
  const { all } = buses(machine())
  all.splice(all.indexOf(bus), 1)
  bus.$private = null
  yield* putKobject(own.set.kobj)
}

export const busPrivate = (bus: bus_type | null): BusPrivate | null => bus?.$private ?? null

/** `bus_add_device`: groups, links, then the list on which others can find it. */
export function* addToBus(dev: device): Sim<number> {
  const own = busPrivate(dev.bus)
  if (!own || !dev.bus) return 0
  const tree = sysfs(machine())
  const { bus } = dev
  if (bus.dev_groups) {
    const error = createGroups(dev.kobj, bus.dev_groups)
    if (error) return error
  }
  if (bus.driver_override) addOverrideFile(dev)
  const error = tree.createLink(own.devicesSet.kobj.$directory!, dev.$label, dev.kobj.$directory!)
  if (error) return error
  tree.createLink(dev.kobj.$directory!, 'subsystem', own.set.kobj.$directory!)
  own.devices.add(getDevice(dev, listed(bus))!)
  return 0
}

export function* removeFromBus(dev: device): Sim {
  const own = busPrivate(dev.bus)
  if (!own || !dev.bus) return
  for (const sif of own.interfaces) {
    const { remove_dev } = sif
    if (remove_dev) yield* call(() => remove_dev(dev, sif))
  }
  const tree = sysfs(machine())
  if (dev.kobj.$directory) tree.removeLink(dev.kobj.$directory, 'subsystem')
  tree.removeLink(own.devicesSet.kobj.$directory!, dev.$label)
  if (dev.bus.dev_groups) yield* removeGroups(dev.kobj, dev.bus.dev_groups)
  yield* own.devices.delete(dev)
}

/** DM-12, DM-13. 0 whatever the probes answered. */
export function* registerDriver(drv: device_driver): Sim<number> {
  const log = kernelLog(machine())
  const { bus } = drv
  const own = busPrivate(bus)
  if (!bus || !own) {
    log.print(
      3,
      `Driver '${drv.name}' was unable to register with bus_type '${bus?.name ?? '(null)'}' because the bus was not initialized.\n`,
    )
    return -EINVAL
  }
  if ((bus.probe && drv.probe) || (bus.remove && drv.remove) || (bus.shutdown && drv.shutdown))
    log.print(4, `Driver '${drv.name}' needs updating - please use bus_type methods\n`)
  if (own.drivers.find((d) => d.name === drv.name)) {
    log.print(3, `Error: Driver '${drv.name}' is already registered, aborting...\n`)
    return -EBUSY
  }
  const kobj = new kobject()
  hidden(kobj).$parent = drv
  hidden(kobj).$field = '$private'
  initKobject(kobj, DRIVER_TYPE)
  kobj.kset = own.driversSet
  kobj.name = drv.name
  const error = yield* addInternal(kobj)
  if (error) return error
  drv.$private = { kobj, bound: [] }
  own.drivers.add(drv)
  deferredProbes(machine()).timeout.extend()
  emit(ev.driver_register, drv, bus, drv.owner)
  if (own.autoprobe) yield* step('bus_add_driver', step('driver_attach', attachDriver(drv)))
  yield* addDriverFiles(drv)
  sendUevent(kobj, 'add')
  return 0
}

const driverOf = (kobj: kobject): device_driver => hidden(kobj).$parent as device_driver

const DRIVER_TYPE = {
  sysfs_ops: {
    show: (kobj: kobject, attr: { show?: unknown }, buf: Uint8Array) =>
      attributeCall('drv_attr_show', attr.show, driverOf(kobj), buf),
    store: (kobj: kobject, attr: { store?: unknown }, buf: string, count: number) =>
      attributeCall('drv_attr_store', attr.store, driverOf(kobj), buf, count),
  },
}

function* addDriverFiles(drv: device_driver): Sim {
  const tree = sysfs(machine())
  const { kobj } = drv.$private!
  const directory = kobj.$directory!
  tree.createFile(directory, 'uevent', {
    *store(text) {
      return text.length
    },
  })
  if (drv.bus!.drv_groups) createGroups(kobj, drv.bus!.drv_groups)
  if (!drv.suppress_bind_attrs) {
    tree.createFile(directory, 'unbind', {
      store: (text) => step('drv_attr_store', step('unbind_store', storeUnbind(drv, text))),
      selfRemoving: true,
    })
    tree.createFile(directory, 'bind', {
      store: (text) => step('drv_attr_store', step('bind_store', storeBind(drv, text))),
      selfRemoving: true,
    })
  }
  if (drv.groups) {
    const error = createGroups(kobj, drv.groups)
    if (error)
      kernelLog(machine()).print(3, `driver_register: driver_add_groups(${drv.name}) failed\n`)
  }
}

const named = (drv: device_driver, text: string): device | undefined =>
  busPrivate(drv.bus)?.devices.find((d) => d.$label === text.trim())

/** DM-49. The test reads the binding without a lock, as the kernel does. */
function* storeUnbind(drv: device_driver, text: string): Sim<number> {
  const here = runningContext('unbind_store')
  const dev = getDevice(named(drv, text) ?? null, here)
  let ret = -ENODEV
  if (dev && dev.driver === drv) {
    yield* step('device_driver_detach', releaseDriver(dev, drv))
    ret = text.length
  }
  yield* putDevice(dev, here)
  return ret
}

function* storeBind(drv: device_driver, text: string): Sim<number> {
  const here = runningContext('bind_store')
  const dev = getDevice(named(drv, text) ?? null, here)
  let ret = -ENODEV
  if (dev && (yield* matchDriver(drv, dev)) !== 0) {
    ret = yield* step('device_driver_attach', attachHere(drv, dev))
    if (ret === 0) ret = text.length
  }
  yield* putDevice(dev, here)
  return ret
}

/** Binds this driver to this device; a deferral is not remembered (DM-25). */
export function* attachHere(drv: device_driver, dev: device): Sim<number> {
  yield* lockDevice(dev)
  const ret = yield* step('__driver_probe_device', bindHere(drv, dev))
  unlockDevice(dev)
  const error = ret > 0 ? -ret : ret
  return error === -EPROBE_DEFER ? -EAGAIN : error
}

function* takeOff(own: BusPrivate, drv: device_driver): Sim {
  yield* own.drivers.remove(drv)
  yield* step('driver_detach', detachDriverFromAll(drv))
}

/** DM-34: blocks until every device is unbound, last bound first. */
export function* unregisterDriver(drv: device_driver | null): Sim {
  const own = busPrivate(drv?.bus ?? null)
  if (!drv || !drv.$private || !own) {
    warn(
      machine(),
      'driver-unregister',
      'drivers/base/driver.c at driver_unregister',
      'Unexpected driver unregister!',
      {
        rules: ['DM-34'],
      },
    )
    return
  }
  const { kobj } = drv.$private
  const directory = kobj.$directory!
  if (drv.groups) yield* removeGroups(kobj, drv.groups)
  yield* removeFile(directory, 'bind')
  yield* removeFile(directory, 'unbind')
  if (drv.bus!.drv_groups) yield* removeGroups(kobj, drv.bus!.drv_groups)
  yield* removeFile(directory, 'uevent')
  yield* step('bus_remove_driver', takeOff(own, drv))
  emit(ev.driver_unregister, drv, drv.bus, drv.owner)
  yield* deleteKobject(kobj)
  drv.$private = null
  yield* putKobject(kobj)
}

export function* forEachDevice(bus: bus_type, visit: (dev: device) => Sim<number>): Sim<number> {
  const own = busPrivate(bus)
  return own ? yield* step('bus_for_each_dev', own.devices.each(visit)) : -EINVAL
}

export function* rescanBus(bus: bus_type): Sim<number> {
  return yield* forEachDevice(bus, function* (dev) {
    const ret = dev.driver ? 0 : yield* attachDevice(dev)
    return ret < 0 ? ret : 0
  })
}

/** The first device that fits, with a reference. */
export function* findDevice(
  bus: bus_type,
  data: unknown,
  match: (dev: device, data: unknown) => number | boolean,
): Sim<device | null> {
  let found: device | null = null
  yield* forEachDevice(bus, function* (dev) {
    if (!(yield* call(() => match(dev, data)))) return 0
    found = getDevice(dev)
    return 1
  })
  return found
}
