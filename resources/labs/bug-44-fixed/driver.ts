import { platform_device_register_simple, platform_device_unregister, platform_driver_register, platform_driver_unregister, platform_get_drvdata, platform_set_drvdata, type platform_device } from 'linux/platform_device'
import { pm_request_idle, pm_runtime_barrier, pm_runtime_disable, pm_runtime_enable, pm_runtime_get_sync, pm_runtime_put_noidle, pm_runtime_set_active, pm_runtime_set_suspended } from 'linux/pm_runtime'
import { dev_get_drvdata, type device } from 'linux/device'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { module_exit, module_init } from 'linux/module'
import { EBUSY, ENOMEM } from 'linux/errno'
import { IS_ERR, PTR_ERR } from 'linux/err'
import { msleep } from 'linux/delay'

class port_priv {
  idle_checks = 0
}

/** Runs on the PM workqueue when nobody uses the device any more. */
function port_runtime_idle(dev: device) {
  const priv = dev_get_drvdata<port_priv>(dev)
  msleep(10) // asks the link whether it may sleep
  priv.idle_checks++
  return -EBUSY
}

function port_probe(pdev: platform_device) {
  const priv = kzalloc(port_priv, GFP_KERNEL)
  if (!priv) return -ENOMEM
  platform_set_drvdata(pdev, priv)
  pm_runtime_set_active(pdev.dev)
  pm_runtime_enable(pdev.dev)
  pm_request_idle(pdev.dev)
  return 0
}

function port_remove(pdev: platform_device) {
  const priv = platform_get_drvdata<port_priv>(pdev)
  pm_runtime_get_sync(pdev.dev) // from now on no new idle check starts
  pm_runtime_barrier(pdev.dev) // and the one under way is over
  kfree(priv)
  pm_runtime_disable(pdev.dev)
  pm_runtime_set_suspended(pdev.dev)
  pm_runtime_put_noidle(pdev.dev)
}

const port_driver = {
  driver: { name: 'port', pm: { runtime_idle: port_runtime_idle } },
  probe: port_probe,
  remove: port_remove,
}

let port: platform_device

function port_init() {
  const ret = platform_driver_register(port_driver)
  if (ret) return ret
  port = platform_device_register_simple('port', -1, null, 0)
  if (IS_ERR(port)) {
    platform_driver_unregister(port_driver)
    return PTR_ERR(port)
  }
  return 0
}

function port_exit() {
  platform_device_unregister(port)
  platform_driver_unregister(port_driver)
}

module_init(port_init)
module_exit(port_exit)
