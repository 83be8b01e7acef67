import { call, type Sim } from '../../engine/suspend'
import { EPROBE_DEFER } from '../errno'
import { step } from '../api'
import type { RefOwner } from '../locking/ref-ledger'
import { asyncSchedule } from './async'
import { bindWithoutProbe, probeDriver } from './bind'
import { busPrivate, forEachDevice } from './bus'
import { getDevice, lockDevice, putDevice, unlockDevice } from './core'
import { deferProbe } from './deferred'
import {
  PROBE_FORCE_SYNCHRONOUS, PROBE_PREFER_ASYNCHRONOUS, type device, type device_driver,
} from './device'
import { module } from './module'
import { pmGetSync, pmPut } from './pm-runtime'

/** The two walks that bring devices and drivers together: drivers/base/dd.c. */

/** DM-14: a positive answer is a match; no method matches everything. */
export function* matchDriver(drv: device_driver, dev: device): Sim<number> {
  const match = drv.bus?.match
  return match ? Number(yield* call(() => match(dev, drv))) : 1
}

/** DM-27. */
export function prefersAsync(drv: device_driver): boolean {
  if (drv.probe_type === PROBE_PREFER_ASYNCHRONOUS) return true
  if (drv.probe_type === PROBE_FORCE_SYNCHRONOUS) return false
  return drv.owner instanceof module && drv.owner.$asyncProbe
}

const awaitingProbe = (dev: device): RefOwner => ({ holder: dev.bus!, why: 'probe to come' })

interface Walk {
  checkAsync: boolean
  wantAsync: boolean
  haveAsync: boolean
}

/** One driver of the device-side walk: 1 bound, 0 go on, negative: the walk ends (DM-23). */
function* tryDriver(drv: device_driver, dev: device, walk: Walk): Sim<number> {
  const matched = yield* matchDriver(drv, dev)
  if (matched === 0) return 0
  if (matched === -EPROBE_DEFER) {
    dev.can_match = true
    deferProbe(dev)
    return matched
  }
  if (matched < 0) return matched
  const async = prefersAsync(drv)
  if (async) walk.haveAsync = true
  if (walk.checkAsync && async !== walk.wantAsync) return 0
  const ret = yield* step('driver_probe_device', probeDriver(drv, dev))
  return ret < 0 ? ret : ret === 0 ? 1 : 0
}

function* walkDrivers(dev: device, walk: Walk): Sim<number> {
  const own = busPrivate(dev.bus)
  return own ? yield* step('bus_for_each_drv', own.drivers.each((drv) => step('__device_attach_driver', tryDriver(drv, dev, walk)))) : 0
}

/** `device_attach`: 1 bound, 0 nobody took it, or what ended the walk. */
export const attachDevice = (dev: device, allowAsync = false): Sim<number> =>
  step('__device_attach', attachLocked(dev, allowAsync))

function* attachLocked(dev: device, allowAsync: boolean): Sim<number> {
  yield* lockDevice(dev)
  let ret = 0
  let later = false
  if (dev.$private?.dead !== true) {
    if (dev.driver) ret = yield* bindClaimed(dev)
    else {
      const walk = { checkAsync: allowAsync, wantAsync: false, haveAsync: false }
      if (dev.parent) yield* pmGetSync(dev.parent)
      ret = yield* walkDrivers(dev, walk)
      later = ret === 0 && allowAsync && walk.haveAsync
      if (dev.parent) yield* pmPut(dev.parent)
    }
  }
  unlockDevice(dev)
  if (later) {
    getDevice(dev, awaitingProbe(dev))
    asyncSchedule(() => attachLater(dev))
  }
  return ret
}

/** A driver may have taken a device before it was added: there is nothing left to probe. */
function* bindClaimed(dev: device): Sim<number> {
  if (dev.$bound || (yield* bindWithoutProbe(dev)) === 0) return 1
  dev.driver = null
  return 0
}

/** The second, asynchronous pass: only drivers that prefer it (DM-27). */
function* attachLater(dev: device): Sim {
  yield* lockDevice(dev)
  if (!dev.driver && dev.$private?.dead !== true)
    yield* walkDrivers(dev, { checkAsync: true, wantAsync: true, haveAsync: false })
  unlockDevice(dev)
  yield* putDevice(dev, awaitingProbe(dev))
}

/** A device has just been added. */
export function* probeNewDevice(dev: device): Sim {
  const own = busPrivate(dev.bus)
  if (own?.autoprobe) yield* step('device_initial_probe', attachDevice(dev, true))
  for (const sif of own?.interfaces ?? []) {
    const { add_dev } = sif
    if (add_dev) yield* call(() => add_dev(dev, sif))
  }
}

/** `driver_attach`: offers a driver to every device of its bus; errors stay with the devices. */
export function* attachDriver(drv: device_driver): Sim {
  yield* forEachDevice(drv.bus!, (dev) => step('__driver_attach', tryDevice(drv, dev)))
}

function* tryDevice(drv: device_driver, dev: device): Sim<number> {
  const matched = yield* matchDriver(drv, dev)
  if (matched === -EPROBE_DEFER) {
    dev.can_match = true
    deferProbe(dev)
    return 0
  }
  if (matched <= 0) return 0
  if (prefersAsync(drv)) {
    yield* lockDevice(dev)
    const free = !dev.driver && dev.$private !== null && !dev.$private.asyncDriver
    if (free) dev.$private!.asyncDriver = drv
    unlockDevice(dev)
    if (free) {
      getDevice(dev, awaitingProbe(dev))
      asyncSchedule(() => attachDriverLater(dev))
    }
    return 0
  }
  const parent = dev.bus?.need_parent_lock ? dev.parent : null
  if (parent) yield* lockDevice(parent)
  yield* lockDevice(dev)
  yield* step('driver_probe_device', probeDriver(drv, dev))
  unlockDevice(dev)
  if (parent) unlockDevice(parent)
  return 0
}

function* attachDriverLater(dev: device): Sim {
  yield* lockDevice(dev)
  const drv = dev.$private?.asyncDriver
  if (dev.$private) dev.$private.asyncDriver = null
  if (drv) yield* step('driver_probe_device', probeDriver(drv, dev))
  unlockDevice(dev)
  yield* putDevice(dev, awaitingProbe(dev))
}
