import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import { call, point, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { step } from '../api'
import { configureDma } from '../dma/firmware'
import { emit } from '../emit'
import { EBUSY, EINVAL, ENODEV, ENXIO, EPROBE_DEFER } from '../errno'
import { runningContext } from '../locking/ref-ledger'
import { WaitList } from '../sched/schedule'
import { createGroups, removeGroups } from './attributes'
import { prefersAsync } from './attach'
import { asyncSynchronize } from './async'
import { notifyBus } from './bus'
import {
  deviceCore,
  deviceLog,
  getDevice,
  isRegistered,
  lockDevice,
  putDevice,
  setState,
  unlockDevice,
} from './core'
import {
  deferProbe,
  deferredProbes,
  deferredReason,
  deferredRemove,
  triggerDeferred,
} from './deferred'
import { DL_DEV_PROBING, type device, type device_driver } from './device'
import { releaseDevres } from './devres'
import {
  checkSuppliers,
  consumersBusy,
  linksDriverBound,
  linksDriverGone,
  linksForceBind,
  linksNoDriver,
  unbindConsumers,
} from './links'
import {
  pmBarrier,
  pmGetSuppliers,
  pmGetSync,
  pmPut,
  pmPutSuppliers,
  pmPutSync,
  pmReinit,
} from './pm-runtime'
import { sysfs } from './sysfs'
import { sendUevent } from './uevent'

/** Binding and unbinding one device: drivers/base/dd.c. */

/** Probes that run right now, and settings of the probing core. */
class Probing {
  running = 0
  readonly idle = new WaitList()
  /** Every probe is followed by a removal and a second probe (DM-48). */
  testRemove = false
}

export const probing = service(() => new Probing())

/** `wait_for_device_probe`: until no probe runs and none is waiting to be retried now. */
export function* waitForProbes(): Sim {
  const all = probing(machine())
  yield* deferredProbes(machine()).settled()
  yield* all.idle.waitUntil(() => all.running === 0, null, 'wait_for_device_probe')
  yield* asyncSynchronize()
}

/** `driver_probe_device`: a deferral is remembered and tried again (DM-25). */
export function* probeDriver(drv: device_driver, dev: device): Sim<number> {
  const all = probing(machine())
  const deferred = deferredProbes(machine())
  const triggers = deferred.triggers
  all.running++
  const ret = yield* step('__driver_probe_device', bindHere(drv, dev))
  if (ret === -EPROBE_DEFER || ret === EPROBE_DEFER) {
    deferProbe(dev)
    if (triggers !== deferred.triggers && !deferred.blocked) triggerDeferred()
  }
  if (--all.running === 0) all.idle.wakeAll()
  return ret
}

/**
 * `__driver_probe_device`, device lock held: 0 bound; positive: the error of the probe function;
 * negative: it did not come to that (DM-17).
 */
export function* bindHere(drv: device_driver, dev: device): Sim<number> {
  if (dev.$private === null || dev.$private.dead || !isRegistered(dev)) return -ENODEV
  if (dev.driver) return -EBUSY
  if (!dev.$ready) {
    deferredReason(dev, 'Device not ready to probe')
    return -EPROBE_DEFER
  }
  dev.can_match = true
  yield* pmGetSuppliers(dev)
  if (dev.parent) yield* pmGetSync(dev.parent)
  yield* pmBarrier(dev)
  const ret = yield* step('really_probe', reallyProbe(drv, dev))
  if (dev.parent) yield* pmPut(dev.parent)
  yield* pmPutSuppliers(dev)
  return ret
}

/** DM-18, DM-20, DM-21. */
function* reallyProbe(drv: device_driver, dev: device): Sim<number> {
  if (deferredProbes(machine()).blocked) return -EPROBE_DEFER
  const waiting = checkSuppliers(dev)
  if (waiting) return waiting
  dev.$linkStatus = DL_DEV_PROBING
  if (dev.$devres!.length > 0) {
    deviceLog(dev, 2, 'Resources present before probing')
    return -EBUSY
  }
  for (let again = probing(machine()).testRemove && !drv.suppress_bind_attrs; ; again = false) {
    const ret = yield* probeOnce(drv, dev)
    if (ret !== 0) return ret
    if (!again) break
    yield* removeForTest(drv, dev)
  }
  yield* driverBound(drv, dev)
  return 0
}

function* probeOnce(drv: device_driver, dev: device): Sim<number> {
  dev.driver = drv
  setState(dev, 'probing')
  configureDma(dev)
  const configure = dev.bus?.dma_configure
  const configured = configure ? yield* call(() => configure(dev)) : 0
  if (configured) {
    yield* linksNoDriver(dev)
    yield* step('device_unbind_cleanup', cleanUp(dev))
    return configured
  }
  deviceCore(machine()).on.binding.emit(dev)
  yield* notifyBus(dev, 'bind')
  addBindLinks(drv, dev)
  const error = yield* callProbe(drv, dev)
  let ret = -error
  if (error === 0 && drv.dev_groups) {
    ret = createGroups(dev.kobj, drv.dev_groups)
    if (ret) {
      deviceLog(dev, 3, 'device_add_groups() failed')
      yield* step('device_remove', callRemove(drv, dev))
    }
  }
  if (ret === 0) return 0
  removeBindLinks(drv, dev)
  yield* notifyBus(dev, 'not bound')
  yield* dmaCleanup(dev)
  yield* linksNoDriver(dev)
  yield* step('device_unbind_cleanup', cleanUp(dev))
  return ret
}

/** The probe function itself, with what is printed when it fails (DM-22). */
function* callProbe(drv: device_driver, dev: device): Sim<number> {
  const probe = dev.bus?.probe ?? drv.probe
  emit(ev.probe_start, dev, drv, drv.$probe ?? drv.probe)
  yield point(probeDriver, dev)
  const ret = Number(probe ? ((yield* call(() => probe(dev))) ?? 0) : 0)
  emit(ev.probe_end, dev, drv, ret)
  if (ret === -EPROBE_DEFER) deviceLog(dev, 7, `Driver ${drv.name} requests probe deferral`)
  else if (ret === -ENODEV || ret === -ENXIO)
    deviceLog(dev, 7, `probe with driver ${drv.name} rejects match ${ret}`)
  else if (ret !== 0) deviceLog(dev, 3, `probe with driver ${drv.name} failed with error ${ret}`)
  return ret
}

function* callRemove(drv: device_driver, dev: device): Sim {
  if (drv.dev_groups) yield* removeGroups(dev.kobj, drv.dev_groups)
  const remove = dev.bus?.remove ?? drv.remove
  emit(ev.remove_start, dev, drv, drv.$remove ?? drv.remove)
  if (remove) yield* call(() => remove(dev))
  emit(ev.remove_end, dev, drv)
}

function* removeForTest(drv: device_driver, dev: device): Sim {
  yield* step('device_remove', callRemove(drv, dev))
  removeBindLinks(drv, dev)
  yield* dmaCleanup(dev)
  yield* step('device_unbind_cleanup', cleanUp(dev))
}

function* dmaCleanup(dev: device): Sim {
  const cleanup = dev.bus?.dma_cleanup
  if (cleanup) yield* call(() => cleanup(dev))
}

/** `device_unbind_cleanup` (DM-32). */
function* cleanUp(dev: device): Sim {
  const drop = dev.driver?.$postUnbind
  if (drop) yield* drop(dev)
  yield* releaseDevres(dev)
  dev.dma_range_map = null
  dev.driver = null
  dev.driver_data = null
  yield* pmReinit(dev)
  setState(dev, 'no driver')
}

function* driverBound(drv: device_driver, dev: device): Sim {
  drv.$private?.bound.push(dev)
  dev.$bound = true
  yield* linksDriverBound(dev)
  setState(dev, 'bound')
  emit(ev.device_bind, dev, drv)
  deferredRemove(dev)
  triggerDeferred()
  yield* notifyBus(dev, 'bound')
  sendUevent(dev.kobj, 'bind')
}

/** `device_bind_driver`: the driver in `dev.driver` takes the device without a probe. */
export function* bindWithoutProbe(dev: device): Sim<number> {
  const drv = dev.driver
  if (!drv) return -EINVAL
  addBindLinks(drv, dev)
  yield* linksForceBind(dev)
  yield* driverBound(drv, dev)
  return 0
}

/** `device_release_driver`; with `only`, when that is the driver. */
export const releaseDriver = (dev: device, only: device_driver | null = null): Sim =>
  step('device_release_driver_internal', releaseIfBound(dev, only))

function* releaseIfBound(dev: device, only: device_driver | null): Sim {
  const parent = only && dev.bus?.need_parent_lock ? dev.parent : null
  if (parent) yield* lockDevice(parent)
  yield* lockDevice(dev)
  if (only === null || only === dev.driver) yield* releaseLocked(dev, parent)
  unlockDevice(dev)
  if (parent) unlockDevice(parent)
}

/** Section U of the teardown order: what every unbinding does. */
function* releaseLocked(dev: device, parent: device | null): Sim {
  const drv = dev.driver
  if (!drv) return
  yield* pmGetSync(dev)
  while (consumersBusy(dev)) {
    unlockDevice(dev)
    if (parent) unlockDevice(parent)
    yield* unbindConsumers(dev)
    if (parent) yield* lockDevice(parent)
    yield* lockDevice(dev)
    if (dev.driver !== drv) {
      yield* pmPut(dev)
      return
    }
  }
  setState(dev, 'unbinding')
  yield point(releaseDriver, dev)
  removeBindLinks(drv, dev)
  yield* notifyBus(dev, 'unbind')
  yield* pmPutSync(dev)
  yield* step('device_remove', callRemove(drv, dev))
  yield point(releaseDriver, dev)
  yield* dmaCleanup(dev)
  emit(ev.device_unbind, dev, drv)
  yield* step('device_unbind_cleanup', cleanUp(dev))
  yield* linksDriverGone(dev)
  const bound = drv.$private?.bound
  if (bound?.includes(dev)) bound.splice(bound.indexOf(dev), 1)
  dev.$bound = false
  yield* notifyBus(dev, 'unbound')
  deviceCore(machine()).on.unbound.emit(dev, dev.bus)
  sendUevent(dev.kobj, 'unbind')
}

/** `driver_detach`: last bound first. */
export function* detachDriverFromAll(drv: device_driver): Sim {
  if (prefersAsync(drv)) yield* asyncSynchronize()
  const bound = drv.$private!.bound
  const here = runningContext('driver_detach')
  for (let dev = bound.at(-1); dev; dev = bound.at(-1)) {
    getDevice(dev, here)
    yield* releaseDriver(dev, drv)
    yield* putDevice(dev, here)
  }
}

function addBindLinks(drv: device_driver, dev: device): void {
  const tree = sysfs(machine())
  const own = dev.kobj.$directory
  const directory = drv.$private?.kobj.$directory
  if (!own || !directory) return
  tree.createLink(directory, dev.$label, own)
  tree.createLink(own, 'driver', directory)
}

function removeBindLinks(drv: device_driver, dev: device): void {
  const directory = drv.$private?.kobj.$directory
  if (directory) sysfs(machine()).removeLink(directory, dev.$label)
  if (dev.kobj.$directory) sysfs(machine()).removeLink(dev.kobj.$directory, 'driver')
}
