import { bus_register, dev_name, device, device_attach, device_link_add, device_release_driver, devm_add_action, driver_register } from 'linux/device'
import { msleep } from 'linux/delay'
import { current, PF_WQ_WORKER } from 'linux/sched'
import { KLAB, KLAB_PROBE } from './klab'
import { kb, kb_action, kb_add, kb_bus, kb_remove_log, KB_DRIVER } from './klab_bus'

function pr(d: device) {
  const w = !!(current.flags & PF_WQ_WORKER)
  if (w) msleep(200) // let the caller print first
  devm_add_action(d, kb_action, dev_name(d))
  KLAB('probe', 'dev=%s from_deferred_work=%d', dev_name(d), w)
  return 0
}
const da = KB_DRIVER('aa', pr, kb_remove_log)
function probe() {
  kb.quiet_match = 1
  KLAB('bus', 'register=%d', bus_register(kb_bus))
  const s = kb_add('aa_supplier')
  const c = kb_add('aa_consumer')
  const l = device_link_add(c, s, 0)
  KLAB('link', 'ok=%d status=%d', !!l, l ? l.status : -1)
  KLAB('driver_register', 'aa=%d', driver_register(da))
  msleep(800)
  KLAB('state', 'supplier=%d consumer=%d link=%d', !!s.driver, !!c.driver, l!.status)
  device_release_driver(s)
  KLAB('state', 'supplier=%d consumer=%d link=%d', !!s.driver, !!c.driver, l!.status)
  KLAB('attach_consumer', 'ret=%d', device_attach(c))
  msleep(200)
  KLAB('attach_supplier', 'ret=%d', device_attach(s))
  msleep(800)
  KLAB('state', 'supplier=%d consumer=%d link=%d', !!s.driver, !!c.driver, l!.status)
}
KLAB_PROBE('drv-link-unbind', probe)
