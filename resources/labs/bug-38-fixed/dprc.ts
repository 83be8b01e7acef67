import { platform_device_register_simple, platform_device_unregister, platform_driver_register, platform_driver_unregister, platform_get_drvdata, platform_set_drvdata, type platform_device } from 'linux/platform_device'
import { module_exit, module_init } from 'linux/module'
import { IS_ERR, PTR_ERR } from 'linux/err'

/** A bus of network objects, and the driver of the one network interface on it. */

function dprc_probe(pdev: platform_device) {
  const dpni = platform_device_register_simple('dpni', -1, null, 0)
  if (IS_ERR(dpni)) return PTR_ERR(dpni)
  platform_set_drvdata(pdev, dpni)
  return 0
}

function dprc_remove(pdev: platform_device) {
  platform_device_unregister(platform_get_drvdata<platform_device>(pdev))
}

/** At power-off the bus takes its devices away, so that none of them writes memory any more. */
function dprc_shutdown(pdev: platform_device) {
  dprc_remove(pdev)
}

function dpni_probe(pdev: platform_device) {
  return 0
}

const dprc_driver = { driver: { name: 'dprc' }, probe: dprc_probe, remove: dprc_remove, shutdown: dprc_shutdown }
const dpni_driver = { driver: { name: 'dpni' }, probe: dpni_probe }

function dprc_init() {
  const ret = platform_driver_register(dpni_driver)
  if (ret) return ret
  const registered = platform_driver_register(dprc_driver)
  if (registered) platform_driver_unregister(dpni_driver)
  return registered
}

function dprc_exit() {
  platform_driver_unregister(dprc_driver)
  platform_driver_unregister(dpni_driver)
}

module_init(dprc_init)
module_exit(dprc_exit)
