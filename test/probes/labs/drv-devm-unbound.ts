import { bus_register, devm_add_action, device_unregister, driver_register } from 'linux/device'
import { KLAB, KLAB_PROBE } from './klab'
import { kb, kb_action, kb_add, kb_bus, kb_probe_log, kb_remove_log, KB_DRIVER } from './klab_bus'

const da = KB_DRIVER('aa', kb_probe_log, kb_remove_log)
function probe() {
  kb.quiet_match = 1
  KLAB('bus', 'register=%d', bus_register(kb_bus))
  let d = kb_add('zz1')
  KLAB('add_action', 'unbound=%d', devm_add_action(d, kb_action, 'zz1'))
  device_unregister(d)
  d = kb_add('aa1')
  KLAB('add_action', 'unbound=%d', devm_add_action(d, kb_action, 'aa1'))
  KLAB('driver_register', 'aa=%d', driver_register(da))
  KLAB('state', 'bound=%d', !!d.driver)
  device_unregister(d)
}
KLAB_PROBE('drv-devm-unbound', probe)
