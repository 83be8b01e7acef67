import { bus_register, dev_name, device, devm_add_action, driver_register, driver_unregister } from 'linux/device'
import { KLAB, KLAB_PROBE } from './klab'
import { kb, kb_action, kb_add, kb_bus, kb_probe_log, kb_remove_log, KB_DRIVER } from './klab_bus'

function pr(d: device) {
  devm_add_action(d, kb_action, dev_name(d))
  return kb_probe_log(d)
}
const da = KB_DRIVER('aa', pr, kb_remove_log)
function probe() {
  kb.quiet_match = 1
  KLAB('bus', 'register=%d', bus_register(kb_bus))
  KLAB('driver_register', 'aa=%d', driver_register(da))
  const d = [kb_add('aa1'), kb_add('aa2'), kb_add('aa3')]
  driver_unregister(da)
  KLAB('unregistered', 'bound=%d%d%d', !!d[0].driver, !!d[1].driver, !!d[2].driver)
  KLAB('driver_register', 'again=%d', driver_register(da))
  KLAB('driver_register', 'twice=%d', driver_register(da))
}
KLAB_PROBE('drv-driver-unregister', probe)
