import { begin, clear, end, event, exit, hold, link, set, unhold } from '../declare'

/** The driver core: devices, drivers, binding, devres, power, hotplug. */

export const device_state = event(
  'device_state', 'device', 'The binding state of a device changes.',
  ['device:obj', 'state:no driver|probing|bound|unbinding|zombie|released'],
  [set('device', 'state', '$state')],
)
export const device_add = event(
  'device_add', 'device', 'A device becomes visible on its bus.',
  ['device:obj', 'parent:obj', 'bus:obj'],
  [link('device', 'parent'), set('device', 'registered')],
)
export const device_del = event(
  'device_del', 'device', 'A device leaves its bus.', ['device:obj', 'parent:obj'],
  [clear('device', 'registered')],
)
export const device_release = event(
  'device_release', 'device', 'The last reference to a device is gone.',
  ['device:obj', 'function:sym'],
  [exit('device'), set('device', 'state', 'released')],
)
export const device_bind = event(
  'device_bind', 'device', 'A driver is bound to a device.', ['device:obj', 'driver:obj'],
  [hold('driver', 'device', 'driver binding'), set('device', 'driver', '$driver')],
)
export const device_unbind = event(
  'device_unbind', 'device', 'A driver is no longer bound to a device.',
  ['device:obj', 'driver:obj'],
  [unhold('driver', 'device', 'driver binding'), clear('device', 'driver')],
)
export const driver_register = event(
  'driver_register', 'device', 'A driver is registered with its bus.',
  ['driver:obj', 'bus:obj', 'module:obj'],
  [
    set('driver', 'registered'), hold('bus', 'driver', 'driver registered'),
    hold('driver', 'module', 'driver text'),
  ],
)
export const driver_unregister = event(
  'driver_unregister', 'device', 'A driver is taken off its bus.',
  ['driver:obj', 'bus:obj', 'module:obj'],
  [
    clear('driver', 'registered'), unhold('bus', 'driver', 'driver registered'),
    unhold('driver', 'module', 'driver text'),
  ],
)
export const probe_start = event(
  'probe_start', 'device', 'The probe function is called.',
  ['device:obj', 'driver:obj', 'function:sym'], [begin('probe', '$function')],
)
export const probe_end = event(
  'probe_end', 'device', 'The probe function returns.', ['device:obj', 'driver:obj', 'ret:i32'],
  [end('probe')],
)
export const remove_start = event(
  'remove_start', 'device', 'The remove function is called.',
  ['device:obj', 'driver:obj', 'function:sym'], [begin('remove', '$function')],
)
export const remove_end = event(
  'remove_end', 'device', 'The remove function returns.', ['device:obj', 'driver:obj'],
  [end('remove')],
)
export const device_link_add = event(
  'device_link_add', 'device', 'A consumer depends on a supplier.',
  ['link:obj', 'consumer:obj', 'supplier:obj', 'flags:hex'],
  [hold('consumer', 'supplier', 'device link')],
)
export const device_link_del = event(
  'device_link_del', 'device', 'A consumer no longer depends on a supplier.',
  ['link:obj', 'consumer:obj', 'supplier:obj'], [unhold('consumer', 'supplier', 'device link')],
)
export const devres_log = event(
  'devres_log', 'device', 'A managed resource is added, removed or released.',
  ['dev:obj', 'op:ADD|REM|REL', 'node:u32', 'name:str', 'size:u32 bytes'],
)
export const hotplug = event(
  'hotplug', 'device', 'A device is plugged in, announced to leave, or torn out.',
  ['device:obj', 'action:add|remove|surprise'],
)
export const uevent = event(
  'uevent', 'device', 'User space is told about an object.',
  ['object:obj', 'action:add|remove|change|move|online|offline|bind|unbind'],
)
export const rpm_suspend = event(
  'rpm_suspend', 'device', 'A device is suspended while the system runs.',
  ['device:obj', 'usage_count:i32'], [set('device', 'power', 'suspended')],
)
export const rpm_resume = event(
  'rpm_resume', 'device', 'A device is resumed while the system runs.',
  ['device:obj', 'usage_count:i32'], [clear('device', 'power')],
)
export const rpm_usage = event(
  'rpm_usage', 'device', 'The power usage count of a device changes.',
  ['device:obj', 'usage_count:i32'],
)
export const device_pm_callback_start = event(
  'device_pm_callback_start', 'device', 'A power callback is called.',
  ['device:obj', 'function:sym', 'event:str'], [begin('pm callback', '$function')],
)
export const device_pm_callback_end = event(
  'device_pm_callback_end', 'device', 'A power callback returns.', ['device:obj', 'error:i32'],
  [end('pm callback')],
)
