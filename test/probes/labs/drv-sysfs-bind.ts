import { bus_register, device, devm_add_action, driver_register } from 'linux/device'
import { KLAB, KLAB_PROBE } from './klab'
import { kb, kb_action, kb_add, kb_bus, kb_probe_log, kb_remove_log, KB_DRIVER } from './klab_bus'

function pr(d: device) {
  devm_add_action(d, kb_action, 'devm')
  return kb_probe_log(d)
}
const da = KB_DRIVER('aa', pr, kb_remove_log)
const db = KB_DRIVER('bb', pr, kb_remove_log)
function probe() {
  kb.quiet_match = 1
  KLAB('bus', 'register=%d', bus_register(kb_bus))
  KLAB('driver_register', 'aa=%d', driver_register(da))
  KLAB('driver_register', 'bb=%d', driver_register(db))
  kb_add('aa1')
}
KLAB_PROBE('drv-sysfs-bind', probe)
