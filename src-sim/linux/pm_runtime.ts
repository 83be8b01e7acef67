import type { Sim } from '../engine/suspend'
import { kernelCall, quiet } from '../kernel/api'
import { mightSleep } from '../kernel/sched/schedule'
import { machine } from '../engine/current'
import type { device } from '../kernel/base/device'
import { addDevres } from '../kernel/base/devres'
import * as pm from '../kernel/base/pm-runtime'

/** Brought along, as by the C header. */
export * from './device'
export * from './jiffies'
export * from './notifier'

/**
 * Power management of single devices while the system runs: `linux/pm_runtime`. Counts always
 * move; requests answer -EACCES while it is disabled (DM-107).
 */
export type { dev_pm_ops } from '../kernel/base/pm-runtime'
export * from './pm_runtime/more'
export const RPM_ACTIVE = pm.RPM_ACTIVE
export const RPM_RESUMING = pm.RPM_RESUMING
export const RPM_SUSPENDED = pm.RPM_SUSPENDED
export const RPM_SUSPENDING = pm.RPM_SUSPENDING

const may = (dev: device, name: string): void => {
  if (!dev.power.irq_safe) mightSleep(name)
}
const sync = <R>(name: string, f: (dev: device) => Sim<R>): ((dev: device) => R) =>
  kernelCall(name, (dev: device) => {
    may(dev, name)
    return f(dev)
  })

/** Allows requests; each call undoes one `pm_runtime_disable`. */
export const pm_runtime_enable = kernelCall('pm_runtime_enable', pm.pmEnable)
/** Forbids requests and waits for one under way. May sleep. */
export const pm_runtime_disable = kernelCall('pm_runtime_disable', pm.pmDisable)
/** Says that the device is on, while requests are forbidden. 0 or -EAGAIN. */
export function pm_runtime_set_active(dev: device): number {
  return pm.pmSetStatus(dev, pm.RPM_ACTIVE)
}
export function pm_runtime_set_suspended(dev: device): number {
  return pm.pmSetStatus(dev, pm.RPM_SUSPENDED)
}
/** One more user; wakes the device and waits. 0 resumed, 1 was on, -errno (the count stays). */
export const pm_runtime_get_sync = sync('pm_runtime_get_sync', pm.pmGetSync)
/** As `pm_runtime_get_sync`; on an error the count is given back. 0 or -errno. */
export const pm_runtime_resume_and_get = sync(
  'pm_runtime_resume_and_get',
  function* (dev: device): Sim<number> {
    const ret = yield* pm.pmGetSync(dev)
    if (ret >= 0) return 0
    pm.pmPutNoidle(dev)
    return ret
  },
)
/** One more user; a worker wakes the device. Any context. */
export function pm_runtime_get(dev: device): number {
  return pm.pmGet(dev)
}
export function pm_runtime_get_noresume(dev: device): void {
  pm.pmGetNoresume(dev)
}
/**
 * One more user, but only of a device that is on: 1. 0: it is not (do not touch it, do not put).
 * -EINVAL: runtime power management is off, nothing is counted. Any context.
 */
export function pm_runtime_get_if_active(dev: device): number {
  return pm.pmGetIf(dev, true)
}
/** The same where it has to have other users, too. */
export function pm_runtime_get_if_in_use(dev: device): number {
  return pm.pmGetIf(dev, false)
}
/** Keeps the device on, as `echo on > power/control` does. May sleep. */
export const pm_runtime_forbid = sync('pm_runtime_forbid', pm.pmForbid)
/** Takes that back; an idle device may be suspended by a worker. */
export const pm_runtime_allow = kernelCall('pm_runtime_allow', pm.pmAllow)
/** One user less; a worker may suspend the device. Any context. */
export const pm_runtime_put = kernelCall('pm_runtime_put', pm.pmPut)
/** One user less; the last one suspends the device here and now. May sleep. */
export const pm_runtime_put_sync = sync('pm_runtime_put_sync', pm.pmPutSync)
export function pm_runtime_put_noidle(dev: device): void {
  pm.pmPutNoidle(dev)
}
export const pm_runtime_put_autosuspend = kernelCall(
  'pm_runtime_put_autosuspend',
  (dev: device): Sim<number> => pm.pmPutAutosuspend(dev, false),
)
export const pm_runtime_put_sync_autosuspend = sync('pm_runtime_put_sync_autosuspend', (dev) =>
  pm.pmPutAutosuspend(dev, true),
)
export const pm_runtime_put_sync_suspend = sync(
  'pm_runtime_put_sync_suspend',
  function* (dev: device): Sim<number> {
    const left = pm.pmDropUsage(dev)
    return left === 1 ? yield* pm.pmSuspend(dev) : left
  },
)
/** Suspends a device that nobody uses. 0, 1 (was off) or -errno. May sleep. */
export const pm_runtime_suspend = sync('pm_runtime_suspend', (dev) => pm.pmSuspend(dev))
export const pm_runtime_resume = sync('pm_runtime_resume', pm.pmResume)
export const pm_runtime_idle = sync('pm_runtime_idle', (dev) => pm.pmIdle(dev))
export function pm_request_idle(dev: device): number {
  return pm.pmRequest(dev, 'idle')
}
export function pm_request_resume(dev: device): number {
  return pm.pmRequest(dev, 'resume')
}
export const pm_runtime_barrier = sync('pm_runtime_barrier', pm.pmBarrier)

/** How long the device must have been idle before it is suspended, in ms. */
export function pm_runtime_set_autosuspend_delay(dev: device, delay: number): void {
  dev.power.autosuspend_delay = delay
}
export function pm_runtime_use_autosuspend(dev: device): void {
  dev.power.use_autosuspend = true
}
export function pm_runtime_dont_use_autosuspend(dev: device): void {
  dev.power.use_autosuspend = false
}
export function pm_runtime_mark_last_busy(dev: device): void {
  dev.power.$lastBusyNs = machine().nowNs
}
/** The callbacks may run with interrupts off. */
export function pm_runtime_irq_safe(dev: device): void {
  dev.power.irq_safe = true
}
/** Enabled until the driver goes. 0 or -errno. */
export function devm_pm_runtime_enable(dev: device): number {
  pm.pmEnable(dev)
  return addDevres(dev, {
    name: 'pm_runtime_disable_action',
    key: dev,
    release: () => pm.pmDisable(dev),
  })
}
/** On, as far as requests are allowed to change it: true while they are forbidden. */
export const pm_runtime_active = quiet(function pm_runtime_active(dev: device): boolean {
  return dev.power.runtime_status === pm.RPM_ACTIVE || dev.power.disable_depth > 0
})
export const pm_runtime_suspended = quiet(function pm_runtime_suspended(dev: device): boolean {
  return dev.power.runtime_status === pm.RPM_SUSPENDED && dev.power.disable_depth === 0
})
export const pm_runtime_status_suspended = quiet(function pm_runtime_status_suspended(
  dev: device,
): boolean {
  return dev.power.runtime_status === pm.RPM_SUSPENDED
})
export const pm_runtime_enabled = quiet(function pm_runtime_enabled(dev: device): boolean {
  return dev.power.disable_depth === 0
})
