import { bus_register, dev_name, device, device_add, device_driver, device_is_bound, driver_register, PROBE_PREFER_ASYNCHRONOUS, wait_for_device_probe } from 'linux/device'
import { msleep } from 'linux/delay'
import { THIS_MODULE } from 'linux/module'
import { current } from 'linux/sched'
import { strcmp } from 'linux/string'
import { KLAB, KLAB_PROBE } from './klab'
import { kb, kb_add, kb_bus, kb_new, kb_remove_log } from './klab_bus'

function pr(d: device) {
  msleep(150)
  KLAB('probe', 'dev=%s in_registering_task=%d', dev_name(d), !strcmp(current.comm, 'insmod'))
  return 0
}
function rm(d: device) {
  kb_remove_log(d)
}
const da = new device_driver({ name: 'aa', bus: kb_bus, owner: THIS_MODULE, probe: pr, remove: rm, probe_type: PROBE_PREFER_ASYNCHRONOUS })
function probe() {
  kb.quiet_match = 1
  KLAB('bus', 'register=%d', bus_register(kb_bus))
  const d1 = kb_add('aa1')
  let r = driver_register(da)
  KLAB('driver_register', 'aa=%d bound=%d', r, !!d1.driver && device_is_bound(d1))
  wait_for_device_probe()
  KLAB('waited', 'bound=%d', device_is_bound(d1))
  const d2 = kb_new('aa2', null)
  r = device_add(d2)
  KLAB('device_add', 'ret=%d bound=%d', r, device_is_bound(d2))
  wait_for_device_probe()
  KLAB('waited', 'bound=%d', device_is_bound(d2))
}
KLAB_PROBE('drv-async-probe', probe)
