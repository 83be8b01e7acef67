import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { runningContext } from '../locking/ref-ledger'
import { waitForProbes } from './bind'
import { deviceCore, getDevice, lockDevice, putDevice, unlockDevice } from './core'
import { deferredProbes } from './deferred'
import type { device } from './device'
import { pmBarrier, pmGetNoresume } from './pm-runtime'

/**
 * DM-106: last device first; no unbinding, no devres, no events. Probes are refused from now on.
 */
export function* shutDownDevices(): Sim {
  yield* waitForProbes()
  deferredProbes(machine()).blocked = true
  const { order } = deviceCore(machine())
  const here = runningContext('device_shutdown')
  for (let dev = order.pop(); dev; dev = order.pop()) {
    getDevice(dev, here)
    const parent = getDevice(dev.parent, here)
    if (parent) yield* lockDevice(parent)
    yield* lockDevice(dev)
    pmGetNoresume(dev)
    yield* pmBarrier(dev)
    yield* shutDown(dev)
    unlockDevice(dev)
    if (parent) unlockDevice(parent)
    yield* putDevice(dev, here)
    yield* putDevice(parent, here)
  }
}

function* shutDown(dev: device): Sim {
  const before = dev.class?.shutdown_pre
  if (before) yield* call(() => before(dev))
  const shutdown = dev.bus?.shutdown ?? dev.driver?.shutdown
  if (shutdown && (dev.bus?.shutdown || dev.driver)) yield* call(() => shutdown(dev))
}
