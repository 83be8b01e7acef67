import type { Sim } from '../../engine/suspend'
import { kernelCall, quiet } from '../../kernel/api'
import type { device } from '../../kernel/base/device'
import { addDevres } from '../../kernel/base/devres'
import * as pm from '../../kernel/base/pm-runtime'
import type { dev_pm_ops } from '../../kernel/base/pm-runtime'

/** Tables of power callbacks and less common requests. Part of `linux/pm_runtime`. */

type Callback = ((dev: device) => number) | null

/** Members of a table: `{ ...RUNTIME_PM_OPS(suspend, resume, idle) }`. */
export const RUNTIME_PM_OPS = quiet(
  (suspend: Callback, resume: Callback, idle: Callback): dev_pm_ops => ({
    runtime_suspend: suspend, runtime_resume: resume, runtime_idle: idle,
  }),
)
export const SET_RUNTIME_PM_OPS = RUNTIME_PM_OPS
export const SYSTEM_SLEEP_PM_OPS = quiet(
  (suspend: Callback, resume: Callback): dev_pm_ops => ({ suspend, resume }),
)
export const SET_SYSTEM_SLEEP_PM_OPS = SYSTEM_SLEEP_PM_OPS
/** A whole table: `const ops = DEFINE_RUNTIME_DEV_PM_OPS('ops', suspend, resume, idle)`. */
export const DEFINE_RUNTIME_DEV_PM_OPS = quiet(
  (_name: string, suspend: Callback, resume: Callback, idle: Callback): dev_pm_ops => ({
    ...RUNTIME_PM_OPS(suspend, resume, idle), ...SYSTEM_SLEEP_PM_OPS(suspend, resume),
  }),
)
export const DEFINE_SIMPLE_DEV_PM_OPS = quiet(
  (_name: string, suspend: Callback, resume: Callback): dev_pm_ops =>
    SYSTEM_SLEEP_PM_OPS(suspend, resume),
)
export const SIMPLE_DEV_PM_OPS = DEFINE_SIMPLE_DEV_PM_OPS
/** The table itself: power management is built in. */
export const pm_ptr = quiet(<T>(table: T): T => table)
export const pm_sleep_ptr = pm_ptr

/** The device needs no callbacks: its state is mere bookkeeping. */
export function pm_runtime_no_callbacks(dev: device): void {
  dev.power.no_callbacks = true
}
export const pm_runtime_has_no_callbacks = quiet((dev: device): boolean => dev.power.no_callbacks)
export const pm_runtime_is_irq_safe = quiet((dev: device): boolean => dev.power.irq_safe)
/** A parent that need not be on while its children are. */
export function pm_suspend_ignore_children(dev: device, enable: boolean): void {
  dev.power.ignore_children = enable
}
/** When the device was last used, in nanoseconds. */
export const pm_runtime_last_busy = quiet((dev: device): number => dev.power.$lastBusyNs)
/** Suspends when the autosuspend time is over. 0, 1 or -errno. May sleep. */
export const pm_runtime_autosuspend = kernelCall('pm_runtime_autosuspend', (dev: device) =>
  pm.pmSuspend(dev, true),
)
export function pm_request_autosuspend(dev: device): number {
  return pm.pmRequest(dev, 'autosuspend')
}
/** On and enabled until the driver goes. 0 or -errno. */
export function devm_pm_runtime_set_active_enabled(dev: device): number {
  const error = pm.pmSetStatus(dev, pm.RPM_ACTIVE)
  if (error) return error
  pm.pmEnable(dev)
  const release = function* (): Sim {
    yield* pm.pmDisable(dev)
    pm.pmSetStatus(dev, pm.RPM_SUSPENDED)
  }
  return addDevres(dev, { name: 'pm_runtime_disable_action', key: dev, release })
}
/** One more user until the driver goes. 0 or -errno. */
export function devm_pm_runtime_get_noresume(dev: device): number {
  pm.pmGetNoresume(dev)
  const release = (): void => pm.pmPutNoidle(dev)
  return addDevres(dev, { name: 'pm_runtime_put_noidle_action', key: dev, release })
}

/** Forbids requests and suspends a device that is on. 0 or what the callback answered. */
export const pm_runtime_force_suspend = kernelCall(
  'pm_runtime_force_suspend',
  (dev: device): Sim<number> => pm.pmForceSuspend(dev),
)
/** Undoes it: resumes a device that somebody uses, and allows requests. 0 or -errno. */
export const pm_runtime_force_resume = kernelCall(
  'pm_runtime_force_resume',
  (dev: device): Sim<number> => pm.pmForceResume(dev),
)
