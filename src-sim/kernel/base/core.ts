import { Hook } from '../../base/disposable'
import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import { call, point, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { step } from '../api'
import { emit } from '../emit'
import { EINTR, EINVAL, ENOMEM } from '../errno'
import { createNode, removeNode } from '../fs/devnodes'
import { acquireOn, releaseOn } from '../locking/access'
import { runningContext, type RefGiver, type RefOwner } from '../locking/ref-ledger'
import { faultInjection } from '../mm/fault-injection'
import { kernelLog } from '../printk/log'
import { warn } from '../printk/warn'
import { current, sleepOn } from '../sched/schedule'
import { signalPending } from '../sched/signal'
import { attributeCall, createGroups, fileOps, removeGroups } from './attributes'
import { probeNewDevice } from './attach'
import { releaseDriver } from './bind'
import { addToBus, notifyBus, removeFromBus } from './bus'
import { addToClass, classParentDirectory, leaveClass } from './class'
import { deferredRemove } from './deferred'
import { device, DevicePrivate, type bus_type, type DeviceState, type kobject } from './device'
import { releaseDevres } from './devres'
import { DEVICE_UEVENTS, deviceOf, nodeName, ueventLines } from './device-uevent'
import { KList } from './klist'
import {
  addInternal,
  deleteKobject,
  getKobject,
  initKobject,
  kset,
  putKobject,
  setKobjectName,
} from './kobject'
import { purgeLinks } from './links'
import { pmInit, pmRemove } from './pm-runtime'
import { refRead } from './refs'
import { removeFile, sysfs } from './sysfs'
import { addOnlineFile } from './online'
import { addPowerFiles } from './power-files'
import { sendUevent, synthesizeUevent } from './uevent'

/** What a device may be asked to do, and what must hold for it (see the device-state checker). */
export type DeviceUse = 'binding' | 'registered'

/** What others may want to know about devices. */
export class DeviceCore {
  readonly on = {
    state: new Hook<[device, DeviceState]>(),
    /** After devres: whoever kept books about the binding can close them. */
    unbound: new Hook<[device, bus_type | null]>(),
    /** Before the first probe of this binding. */
    binding: new Hook<[device]>(),
    /** Before the memory of a device that leaves its bus is forgotten (IOMMU groups). */
    removed: new Hook<[device]>(),
    /** Somebody uses an interface that needs a bound (or registered) device. */
    use: new Hook<[device, what: string, needs: DeviceUse]>(),
  }
  /** /sys/devices, with what all devices say to user space. */
  readonly devicesSet = new kset()
  /** Devices in the order in which they are suspended and shut down, reversed. */
  readonly order: device[] = []

  constructor() {
    const { kobj } = this.devicesSet
    initKobject(kobj, null)
    kobj.name = 'devices'
    kobj.state_in_sysfs = true
    kobj.$directory = sysfs(machine()).ensureDirectory('/devices')
    this.devicesSet.uevent_ops = DEVICE_UEVENTS
  }
}

export const deviceCore = service(() => new DeviceCore())

/** An interface that needs a bound or registered device is used: checkers judge the state. */
export function useDevice(dev: device, what: string, needs: DeviceUse = 'binding'): void {
  const { use } = deviceCore(machine()).on
  if (use.listened) use.emit(dev, what, needs)
}

export function setState(dev: device, state: DeviceState): void {
  if (dev.$state === state) return
  dev.$state = state
  emit(ev.device_state, dev, state)
  deviceCore(machine()).on.state.emit(dev, state)
}

const DEBUG_LEVEL = 7

/**
 * `driver busid: text`, with whatever driver or bus the device has at the moment. The kernel's own
 * debug messages are off, as in a kernel built without DEBUG.
 */
export function deviceLog(dev: device, level: number, text: string): void {
  if (level === DEBUG_LEVEL) return
  kernelLog(machine()).print(level, `${driverString(dev)} ${dev.$label}: ${text}\n`)
}

/** The driver, else the bus, else the class, else nothing. */
export const driverString = (dev: device): string =>
  dev.driver?.name ?? dev.bus?.name ?? dev.class?.name ?? ''

export function getDevice(dev: device | null, owner?: RefOwner): device | null {
  if (dev) getKobject(dev.kobj, owner)
  return dev
}

export function* putDevice(dev: device | null, giver?: RefGiver): Sim {
  if (dev) yield* putKobject(dev.kobj, giver)
}

/** What a device holds its parent for, and a parent its children. */
const childOf = (dev: device): RefOwner => ({ holder: dev, why: 'child device' })
const listOf = (parent: device): RefOwner => ({ holder: parent, why: 'list of children' })

export const deviceRefs = (dev: device): number => refRead(dev.kobj.kref)

const DEVICE_TYPE = {
  release: ((kobj: kobject) => step('device_release', releaseDevice(deviceOf(kobj)))) as unknown as (kobj: kobject) => void,
  sysfs_ops: {
    show: (kobj: kobject, attr: { show?: unknown }, buf: Uint8Array) =>
      attributeCall('dev_attr_show', attr.show, deviceOf(kobj), attr, buf),
    store: (kobj: kobject, attr: { store?: unknown }, buf: string, count: number) =>
      attributeCall('dev_attr_store', attr.store, deviceOf(kobj), attr, buf, count),
  },
}

/** DM-01. From here on disposal is `put_device` only. */
export function initializeDevice(dev: device): void {
  dev.kobj.kset = deviceCore(machine()).devicesSet
  initKobject(dev.kobj, DEVICE_TYPE)
  dev.$devres = []
  pmInit(dev)
}

/** DM-08: the last reference is gone. */
function* releaseDevice(dev: device): Sim {
  yield* releaseDevres(dev)
  const release = dev.release ?? dev.type?.release ?? dev.class?.dev_release ?? null
  setState(dev, 'released')
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
  dev.$private = null
}

/** The device that a device's directory is made in, and what the directory's kobject is. */
function setParentKobject(dev: device): void {
  const parent = dev.parent
  if (dev.class && !(parent && parent.class)) {
    dev.kobj.parent = classParentDirectory(dev.class, parent)
    return
  }
  const above = parent ?? dev.bus?.$private?.root
  if (above) dev.kobj.parent = above.kobj
}

/** DM-02, DM-03. The creator's reference stays the creator's, whatever happens here. */
export function* addDevice(dev: device): Sim<number> {
  const here = runningContext('device_add')
  getDevice(dev, here)
  const ret = yield* addSteps(dev)
  yield* putDevice(dev, here)
  return ret
}

function* addSteps(dev: device): Sim<number> {
  if (dev.$devres === null) return -ENOMEM
  if (dev.$private === null && faultInjection(machine()).shouldFail('device_add')) return -ENOMEM
  dev.$private ??= new DevicePrivate(new KList<device>((child) => putDevice(child, listOf(dev))))
  if (dev.init_name) {
    setKobjectName(dev.kobj, dev.init_name)
    dev.init_name = null
  }
  const busName = dev.bus?.dev_name
  if (!dev.kobj.name && busName) setKobjectName(dev.kobj, `${busName}${dev.id}`)
  if (!dev.kobj.name) {
    dev.$private = null
    return -EINVAL
  }
  const parent = getDevice(dev.parent, childOf(dev))
  setParentKobject(dev)
  const error = yield* addInternal(dev.kobj)
  if (error) {
    dev.$private = null
    yield* putDevice(parent, childOf(dev))
    return error
  }
  const failed = (yield* addFiles(dev)) || (yield* addToBus(dev))
  if (failed) {
    yield* undoAdd(dev)
    yield* putDevice(parent, childOf(dev))
    return failed
  }
  yield* announce(dev)
  return 0
}

/** Attributes of class, type and device, in this order. */
function groupsOf(dev: device) {
  return [dev.class?.dev_groups, dev.type?.groups, dev.groups].filter(
    (g) => g !== null && g !== undefined,
  )
}

function* addFiles(dev: device): Sim<number> {
  const tree = sysfs(machine())
  const directory = dev.kobj.$directory!
  tree.createFile(directory, 'uevent', {
    *show() {
      return ueventLines(dev)
    },
    *store(text) {
      const error = synthesizeUevent(dev.kobj, text)
      if (error) deviceLog(dev, 3, `uevent: failed to send synthetic uevent: ${error}`)
      return error || text.length
    },
  })
  addPowerFiles(dev, directory)
  addOnlineFile(dev, directory)
  addToClass(dev, 'links')
  for (const groups of groupsOf(dev)) {
    const error = createGroups(dev.kobj, groups)
    if (error) return error
  }
  yield point(addDevice, dev)
  return 0
}

function* undoAdd(dev: device): Sim {
  for (const groups of groupsOf(dev).reverse()) yield* removeGroups(dev.kobj, groups)
  leaveClass(dev, 'links')
  sendUevent(dev.kobj, 'remove')
  yield* deleteKobject(dev.kobj)
  dev.$private = null
}

/** On its bus: told to user space, offered to drivers, then put on the lists of its relatives. */
function* announce(dev: device): Sim {
  const tree = sysfs(machine())
  deviceCore(machine()).order.push(dev)
  if (dev.devt) {
    const text = `${Math.floor(dev.devt / 0x100000)}:${dev.devt % 0x100000}`
    tree.createFile(
      dev.kobj.$directory!,
      'dev',
      fileOps((buf) => put(buf, `${text}\n`), null),
    )
    tree.createLink(tree.ensureDirectory('/dev/char'), text, dev.kobj.$directory!)
    createNode(nodeName(dev), dev.devt)
  }
  emit(ev.device_add, dev, dev.parent, dev.bus)
  yield* notifyBus(dev, 'add')
  sendUevent(dev.kobj, 'add')
  yield point(addDevice, dev)
  yield* lockDevice(dev)
  dev.$ready = true
  unlockDevice(dev)
  if (dev.bus) yield* step('bus_probe_device', probeNewDevice(dev))
  if (dev.parent?.$private) {
    getDevice(dev, listOf(dev.parent))
    dev.parent.$private.children.add(dev)
  }
  yield* addToClass(dev, 'list')
}

function put(buf: Uint8Array, text: string): number {
  for (let i = 0; i < text.length; i++) buf[i] = text.charCodeAt(i)
  return text.length
}

function* removeAndUnbind(dev: device): Sim {
  yield* removeFromBus(dev)
  yield* releaseDriver(dev)
}

/** DM-10: order D of the teardown. The driver is unbound after the device's own files went. */
export function* deleteDevice(dev: device): Sim {
  const tree = sysfs(machine())
  yield point(deleteDevice, dev)
  yield* lockDevice(dev)
  dev.$private!.dead = true
  unlockDevice(dev)
  const { parent } = dev
  yield* notifyBus(dev, 'del')
  if (parent?.$private) yield* parent.$private.children.delete(dev)
  if (dev.devt) {
    removeNode(nodeName(dev))
    tree.removeLink(
      tree.ensureDirectory('/dev/char'),
      `${Math.floor(dev.devt / 0x100000)}:${dev.devt % 0x100000}`,
    )
    yield* removeFile(dev.kobj.$directory!, 'dev')
  }
  leaveClass(dev, 'links')
  yield* leaveClass(dev, 'list')
  yield* removeFile(dev.kobj.$directory!, 'uevent')
  for (const groups of groupsOf(dev).reverse()) yield* removeGroups(dev.kobj, groups)
  yield point(deleteDevice, dev)
  if (dev.bus) yield* step('bus_remove_device', removeAndUnbind(dev))
  yield* pmRemove(dev)
  const { order } = deviceCore(machine())
  if (order.includes(dev)) order.splice(order.indexOf(dev), 1)
  deferredRemove(dev)
  yield* purgeLinks(dev)
  yield* releaseDevres(dev)
  yield* notifyBus(dev, 'removed')
  deviceCore(machine()).on.removed.emit(dev)
  sendUevent(dev.kobj, 'remove')
  setState(dev, 'zombie')
  emit(ev.device_del, dev, dev.parent)
  dev.$ready = false
  yield* deleteKobject(dev.kobj)
  yield* putDevice(parent, childOf(dev))
}

export function* unregisterDevice(dev: device): Sim {
  yield* step('device_del', deleteDevice(dev))
  yield* putDevice(dev, 'creator')
}

export function* registerDevice(dev: device): Sim<number> {
  initializeDevice(dev)
  return yield* step('device_add', addDevice(dev))
}

export const isRegistered = (dev: device): boolean => dev.kobj.state_in_sysfs

/** The mutex inside every device: probe and remove of one device exclude each other (DM-16). */
export function* lockDevice(dev: device): Sim {
  while (dev.$locked)
    yield* dev.$lockWaiters.waitUntil(() => !dev.$locked, dev, `device_lock of ${dev.$label}`)
  dev.$locked = true
  acquireOn(dev.$lockWaiters)
}

/** The same, unless a signal comes first: 0 or -EINTR. */
export function* lockDeviceInterruptible(dev: device): Sim<number> {
  const task = current()
  const { tasks } = dev.$lockWaiters
  while (dev.$locked) {
    if (signalPending(task)) return -EINTR
    tasks.push(task)
    yield* sleepOn(dev, `device_lock of ${dev.$label}`, 'interruptible')
    if (tasks.includes(task)) tasks.splice(tasks.indexOf(task), 1)
  }
  dev.$locked = true
  acquireOn(dev.$lockWaiters)
  return 0
}

export function unlockDevice(dev: device): void {
  releaseOn(dev.$lockWaiters)
  dev.$locked = false
  dev.$lockWaiters.wakeOne()
}

/** Calls `visit` for each child until one answers something other than 0. */
export function* forEachChild(dev: device, visit: (child: device) => Sim<number>): Sim<number> {
  return dev.$private ? yield* dev.$private.children.each(visit) : 0
}
