import { bus_register, driver_register } from 'linux/device'
import { KLAB, KLAB_PROBE } from './klab'
import { kb_add, kb_bus, kb_probe_log, kb_remove_log, KB_DRIVER } from './klab_bus'

const da = KB_DRIVER('aa', kb_probe_log, kb_remove_log)
const db = KB_DRIVER('bb', kb_probe_log, kb_remove_log)
function probe() {
  KLAB('bus', 'register=%d', bus_register(kb_bus))
  kb_add('bb1')
  kb_add('aa1')
  kb_add('aa2')
  KLAB('driver_register', 'aa=%d', driver_register(da))
  KLAB('driver_register', 'bb=%d', driver_register(db))
  kb_add('any1')
  kb_add('cc1')
}
KLAB_PROBE('drv-match-order', probe)
