import { bus_register, device, driver_register } from 'linux/device'
import { EINVAL, ENODEV, ENXIO } from 'linux/errno'
import { KLAB, KLAB_PROBE } from './klab'
import { kb, kb_add, kb_bus, kb_probe_log, kb_remove_log, KB_DRIVER } from './klab_bus'

let err = 0
function pr_fail(d: device) {
  kb_probe_log(d)
  return err
}
const da = KB_DRIVER('any', pr_fail, kb_remove_log)
const db = KB_DRIVER('anyb', kb_probe_log, kb_remove_log)
function one(n: string, e: number) {
  err = e
  kb_add(n)
}
function probe() {
  kb.quiet_match = 1
  KLAB('bus', 'register=%d', bus_register(kb_bus))
  KLAB('driver_register', 'any=%d', driver_register(da))
  KLAB('driver_register', 'anyb=%d', driver_register(db))
  one('any1', -ENODEV)
  one('any2', -ENXIO)
  one('any3', -EINVAL)
  one('any4', 5)
}
KLAB_PROBE('drv-probe-enodev', probe)
