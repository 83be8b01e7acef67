import { bus_register, device_add, device_is_registered, device_unregister, driver_register } from 'linux/device'
import { kref_read } from 'linux/kref'
import { KLAB, KLAB_PROBE } from './klab'
import { kb, kb_add, kb_bus, kb_new, kb_probe_log, kb_remove_log, KB_DRIVER } from './klab_bus'

const da = KB_DRIVER('aa', kb_probe_log, kb_remove_log)
function probe() {
  kb.quiet_match = 1
  KLAB('bus', 'register=%d', bus_register(kb_bus))
  driver_register(da)
  const p = kb_add('aa_parent')
  const c = kb_new('aa_child', p)
  const r = device_add(c)
  KLAB('device_add', 'child=%d parent_refs_grew=%d', r, kref_read(p.kobj.kref) > 1)
  device_unregister(p)
  KLAB('parent', 'unregistered=1 child_bound=%d child_registered=%d', !!c.driver, device_is_registered(c))
  device_unregister(c)
  KLAB('child', 'unregistered=1')
}
KLAB_PROBE('drv-bus-unregister-order', probe)
