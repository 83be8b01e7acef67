import { device, DEVICE_ATTR_RW, DEVICE_ATTR_RO, device_create_file, device_remove_file, dev_get_drvdata, dev_set_drvdata, device_attribute, dev_info } from 'linux/device'
import { platform_device, platform_driver, platform_device_register_simple, platform_driver_register, platform_driver_unregister, platform_device_unregister, platform_set_drvdata, platform_get_drvdata } from 'linux/platform_device'
import { sysfs_emit, attribute_group, attribute } from 'linux/sysfs'
import { kstrtoint } from 'linux/kstrtox'
import { devm_kzalloc, devm_add_action_or_reset } from 'linux/device'
import { GFP_KERNEL } from 'linux/slab'
import { EPROBE_DEFER, ENOMEM } from 'linux/errno'
import { ptr } from 'linux/types'
import { IS_ERR } from 'linux/err'
import { KLAB, KLAB_PROBE_EXIT } from './klab'

class demo { value = 3 }
function value_show(dev: device, attr: device_attribute, buf: any) {
  const d = dev_get_drvdata<demo>(dev)
  return sysfs_emit(buf, '%d\n', d.value)
}
function value_store(dev: device, attr: device_attribute, buf: any, count: number) {
  const d = dev_get_drvdata<demo>(dev)
  const v = ptr<number>(0)
  const r = kstrtoint(buf, 0, v)
  if (r) return r
  d.value = v.value
  return count
}
const dev_attr_value = DEVICE_ATTR_RW('value', value_show, value_store)
const attrs: attribute_group = { attrs: [dev_attr_value.attr] }
let defer = 1
function pr(p: platform_device) {
  if (defer-- > 0) return -EPROBE_DEFER
  const d = devm_kzalloc(p.dev, demo, GFP_KERNEL)
  if (!d) return -ENOMEM
  platform_set_drvdata(p, d)
  KLAB('probe', 'ret=%d', devm_add_action_or_reset(p.dev, (x: string) => KLAB('action', 'x=%s', x), 'bye'))
  dev_info(p.dev, 'hello %d\n', 5)
  return 0
}
function rm(p: platform_device) { KLAB('remove', 'value=%d', platform_get_drvdata<demo>(p).value) }
const drv = new platform_driver({ probe: pr, remove: rm, driver: { name: 'klabp', dev_groups: [attrs] } })
let pdev: platform_device
function probe() {
  KLAB('reg', 'ret=%d', platform_driver_register(drv))
  pdev = platform_device_register_simple('klabp', 3, null, 0)
  KLAB('pdev', 'err=%d bound=%d', IS_ERR(pdev), !!pdev.dev.driver)
  const other = platform_device_register_simple('klabp', -1, null, 0)
  KLAB('other', 'bound=%d name=%s', !!other.dev.driver, other.dev.kobj.name)
  platform_device_unregister(other)
}
function bye() { platform_device_unregister(pdev); platform_driver_unregister(drv) }
KLAB_PROBE_EXIT('drv-attributes', probe, bye)
