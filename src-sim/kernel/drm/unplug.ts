import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import { call, point, type Sim } from '../../engine/suspend'
import { zapMappings } from '../mm/zap'
import { memoryAccess } from '../mm/watch'
import { kernelLog } from '../printk/log'
import { initSrcu, srcu_struct, srcuReadLock, srcuReadUnlock, synchronizeSrcu } from '../rcu/srcu'
import type { drm_device } from './device'
import { registerMinor, unregisterMinor } from './minor'

/** One domain for all devices: unplugging one waits for sections of every other (DM-84). */
const unplugSrcu = service(() => {
  const domain = new srcu_struct()
  initSrcu(domain, 'drm_unplug_srcu', domain)
  return domain
})

/** The index to leave with, or -1: the device is unplugged and no section was opened. */
export function enterDrmDevice(dev: drm_device): number {
  const domain = unplugSrcu(machine())
  const index = srcuReadLock(domain, 'normal')
  memoryAccess(machine()).touch(dev, 'unplugged', false, 'drm_dev_enter')
  if (!dev.unplugged) return index
  srcuReadUnlock(domain, index)
  return -1
}

export function exitDrmDevice(index: number): void {
  srcuReadUnlock(unplugSrcu(machine()), index)
}

export function isUnplugged(dev: drm_device): boolean {
  const index = enterDrmDevice(dev)
  if (index < 0) return true
  exitDrmDevice(index)
  return false
}

/** The nodes appear, then `load` of old drivers, then the greeting. 0 or -errno. */
export function* registerDrmDevice(dev: drm_device, flags: number): Sim<number> {
  const driver = dev.driver!
  const { load } = driver
  let ret = 0
  for (const minor of [dev.render, dev.primary, dev.accel]) ret ||= yield* registerMinor(minor)
  if (!ret) {
    dev.registered = true
    if (load) ret = Number((yield* call(() => load(dev, flags))) ?? 0)
  }
  if (ret) {
    yield* unregisterMinors(dev)
    return ret
  }
  const { name, major = 0, minor = 0, patchlevel = 0 } = driver
  const version = `${name} ${major}.${minor}.${patchlevel}`
  const index = (dev.primary ?? dev.accel)?.index ?? 0
  const text = `[drm] Initialized ${version} for ${dev.dev?.$label ?? 'virtual device'} on minor ${index}`
  kernelLog(machine()).print(6, `${text}\n`)
  return 0
}

function* unregisterMinors(dev: drm_device): Sim {
  for (const minor of [dev.accel, dev.primary, dev.render]) yield* unregisterMinor(minor)
}

/** No new opens. Files that are open go on: the unplugged mark is not set (DM-85). */
export function* unregisterDrmDevice(dev: drm_device): Sim {
  dev.registered = false
  yield point(unregisterDrmDevice, dev)
  const unload = dev.driver?.unload
  if (unload) yield* call(() => unload(dev))
  yield* unregisterMinors(dev)
}

/** Mark, wait for everybody inside a section, unregister, take away what programs have mapped. */
export function* unplugDrmDevice(dev: drm_device): Sim {
  dev.unplugged = true
  yield point(unplugDrmDevice, dev)
  yield* synchronizeSrcu(unplugSrcu(machine()))
  yield* unregisterDrmDevice(dev)
  yield* zapMappings(dev.$mapping)
}
