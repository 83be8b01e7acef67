import { kernelCall, quiet } from '../../kernel/api'
import type { device } from '../../kernel/base/device'
import { setOffline, supportsOffline } from '../../kernel/base/online'

/** Devices that can be taken out of use. Part of `linux/device`. */

/** Whether the bus of the device can take it out of use. */
export const device_supports_offline = quiet(supportsOffline)
/**
 * Takes a device out of use; those below must be so already. 0, 1 when it was, -EPERM when that
 * is forbidden (`offline_disabled`), -EBUSY, or the error of the bus. May sleep.
 */
export const device_offline = kernelCall('device_offline', (dev: device) => setOffline(dev, true))
/** Takes it into use again: 0, 1 when it was, or -errno. May sleep. */
export const device_online = kernelCall('device_online', (dev: device) => setOffline(dev, false))
