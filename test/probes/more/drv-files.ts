import { module_param, MODULE_PARM_DESC, THIS_MODULE, module_param_named, MODULE_LICENSE } from 'linux/module'
import { device, device_create, device_destroy, class_create, class_destroy, DEVICE_ATTR_RW, DEVICE_ATTR_RO, DEVICE_ATTR_WO, device_create_file, bus_register, bus_type, bus_unregister, device_driver, driver_register, driver_unregister, device_initialize, dev_set_name, device_add, device_unregister, dev_get_drvdata, root_device_register, root_device_unregister, DRIVER_ATTR_RO, driver_create_file } from 'linux/device'
import { sysfs_emit } from 'linux/sysfs'
import { kstrtoint } from 'linux/kstrtox'
import { EINVAL, ENODEV, EBUSY } from 'linux/errno'
import { platform_device, platform_driver, platform_driver_register, platform_driver_unregister, platform_device_register_simple, platform_device_unregister } from 'linux/platform_device'
import { kobject_uevent, kobject_create_and_add, kobject_put, KOBJ_CHANGE, kobject } from 'linux/kobject'
import { ptr } from 'linux/types'
import { msleep } from 'linux/delay'
import { KLAB, KLAB_PROBE_EXIT } from './klab'

MODULE_LICENSE('GPL')
let number = 5
let flag = false
let text = 'abc'
const cls = class_create('klabsys')
let d: device
let value = 1
function v_show(dev: device, a: any, buf: Uint8Array) { return sysfs_emit(buf, '%d\n', value) }
function v_store(dev: device, a: any, buf: string, count: number) {
  const r = ptr<number>(0)
  const e = kstrtoint(buf, 0, r)
  if (e) return e
  value = r.value
  return count
}
const dev_attr_v = DEVICE_ATTR_RW('v', v_show, v_store)
const dev_attr_ro = DEVICE_ATTR_RO('ro', v_show)
const dev_attr_wo = DEVICE_ATTR_WO('wo', v_store)
const dev_attr_err = DEVICE_ATTR_RO('err', (dev: device, a: any, b: Uint8Array) => -EBUSY)
const dev_attr_part = DEVICE_ATTR_WO('part', (dev: device, a: any, b: string, n: number) => 2)
function pp(p: platform_device) { KLAB('probe', '%s', p.name); return 0 }
function pr(p: platform_device) { KLAB('remove', '%s', p.name) }
const drv = new platform_driver({ probe: pp, remove: pr, driver: { name: 'klabpd' } } as any)
let p: platform_device
let q: platform_device
function probe() {
  d = device_create(cls, null, 0, null, 'one')
  for (const a of [dev_attr_v, dev_attr_ro, dev_attr_wo, dev_attr_err, dev_attr_part]) device_create_file(d, a)
  p = platform_device_register_simple('klabpd', -1, null, 0)
  q = platform_device_register_simple('klabqd', 2, null, 0)
  platform_driver_register(drv)
}
function bye() {
  platform_driver_unregister(drv)
  platform_device_unregister(p)
  platform_device_unregister(q)
  device_destroy(cls, 0)
  class_destroy(cls)
  KLAB('exit', 'called=1')
}
KLAB_PROBE_EXIT('drv-files', probe, bye)
