import { machine } from '../engine/current'
import { kernelCall, quiet } from '../kernel/api'
import type { device } from '../kernel/base/device'
import { addAction } from '../kernel/base/devres'
import * as w from '../kernel/base/wakeup'

/** Devices that wake the machine: `linux/pm_wakeup`. */

export { wakeup_source } from '../kernel/base/wakeup'

export const device_can_wakeup = quiet((dev: device): boolean => dev.power.can_wakeup)
/** Whether it can, and is to. */
export const device_may_wakeup = quiet(
  (dev: device): boolean => dev.power.can_wakeup && dev.power.wakeup !== null,
)
/** Says that the device is able to; not that it is to. */
export const device_set_wakeup_capable = kernelCall(
  'device_set_wakeup_capable', (dev: device, capable: boolean): void => {
    dev.power.can_wakeup = Boolean(capable)
  },
)
/** It is to wake the machine: 0, -EINVAL when it cannot, -EEXIST when it does. May sleep. */
export const device_wakeup_enable = kernelCall('device_wakeup_enable', w.enableWakeup)
export const device_wakeup_disable = kernelCall('device_wakeup_disable', w.disableWakeup)
export const device_set_wakeup_enable = kernelCall(
  'device_set_wakeup_enable', (dev: device, enable: boolean): number => {
    if (enable) return w.enableWakeup(dev)
    w.disableWakeup(dev)
    return 0
  },
)
function init(dev: device, enable: boolean): number {
  if (!enable) {
    w.disableWakeup(dev)
    dev.power.can_wakeup = false
    return 0
  }
  dev.power.can_wakeup = true
  return w.enableWakeup(dev)
}
/** Both at once. 0 or -errno. */
export const device_init_wakeup = kernelCall('device_init_wakeup', init)
/** The same until the device loses its driver. */
export const devm_device_init_wakeup = kernelCall('devm_device_init_wakeup', (dev: device): number => {
  init(dev, true)
  return addAction(dev, ((d: device) => void init(d, false)) as never, dev)
})

/** Something has happened that must be dealt with before the machine may sleep (and is now). */
export const pm_stay_awake = kernelCall('pm_stay_awake', (dev: device | null): void =>
  w.stayAwake(dev?.power.wakeup ?? null),
)
export const pm_relax = kernelCall('pm_relax', (dev: device | null): void =>
  w.relax(dev?.power.wakeup ?? null),
)
/** The same for so many milliseconds; 0: it is dealt with already. Any context. */
export const pm_wakeup_event = kernelCall('pm_wakeup_event', (dev: device, msec: number): void => {
  const ws = dev.power.wakeup
  w.stayAwake(ws)
  if (msec === 0) w.relax(ws)
  else machine().at(machine().nowNs + msec * 1e6, 'wakeup source', ws, () => w.relax(ws))
})
