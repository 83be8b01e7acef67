import type { Sim } from '../engine/suspend'
import type { device } from '../kernel/base/device'
import { addDevres } from '../kernel/base/devres'
import { cancelWorkSync } from '../kernel/workqueue/cancel'
import { initDelayedWork, initWork } from '../kernel/workqueue/queue'
import type { delayed_work, work_func_t, work_struct } from '../kernel/workqueue/structs'

/** Work that ends with the driver: `linux/devm-helpers`. */

/** Cancels (and waits for) the delayed work when the device loses its driver. 0 or -ENOMEM. */
export function devm_delayed_work_autocancel(
  dev: device, w: delayed_work, worker: work_func_t,
): number {
  initDelayedWork(w, worker)
  const release = (): Sim<boolean> => cancelWorkSync(w.work, w, false)
  addDevres(dev, { name: 'devm_delayed_work_drop', key: w, release })
  return 0
}
/** The same for a work. */
export function devm_work_autocancel(dev: device, w: work_struct, worker: work_func_t): number {
  initWork(w, worker)
  const release = (): Sim<boolean> => cancelWorkSync(w, null, false)
  addDevres(dev, { name: 'devm_work_drop', key: w, release })
  return 0
}
