import { bus_register, devm_add_action, devm_is_action_added, devm_release_action, devm_remove_action, devm_remove_action_nowarn, device, device_unregister, driver_register } from 'linux/device'
import { KLAB, KLAB_PROBE } from './klab'
import { kb, kb_action, kb_add, kb_bus, kb_probe_log, kb_remove_log, KB_DRIVER } from './klab_bus'

function pr(d: device) {
  kb_probe_log(d)
  devm_add_action(d, kb_action, 'a')
  devm_add_action(d, kb_action, 'b')
  devm_add_action(d, kb_action, 'c')
  devm_add_action(d, kb_action, 'a')
  KLAB('added', 'a=%d z=%d', devm_is_action_added(d, kb_action, 'a'), devm_is_action_added(d, kb_action, 'z'))
  devm_remove_action(d, kb_action, 'b')
  KLAB('removed', 'b_added=%d', devm_is_action_added(d, kb_action, 'b'))
  devm_release_action(d, kb_action, 'a')
  KLAB('released', 'a_added=%d', devm_is_action_added(d, kb_action, 'a'))
  KLAB('remove_nowarn', 'b=%d', devm_remove_action_nowarn(d, kb_action, 'b'))
  devm_remove_action(d, kb_action, 'b')
  KLAB('remove_missing', 'returned=1')
  devm_release_action(d, kb_action, 'b')
  KLAB('release_missing', 'returned=1')
  return 0
}
const da = KB_DRIVER('aa', pr, kb_remove_log)
function probe() {
  kb.quiet_match = 1
  KLAB('bus', 'register=%d', bus_register(kb_bus))
  KLAB('driver_register', 'aa=%d', driver_register(da))
  const d = kb_add('aa1')
  device_unregister(d)
}
KLAB_PROBE('drv-devm-action', probe)
