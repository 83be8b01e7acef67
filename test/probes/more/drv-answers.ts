import { bus_register, bus_type, bus_unregister, class_create, class_destroy, class_register, class_unregister, device, device_add, device_attach, device_bind_driver, device_create, device_create_file, device_del, device_destroy, device_driver, device_initialize, device_link_add, device_link_del, device_link_remove, device_register, device_release_driver, device_unregister, dev_get_drvdata, dev_set_drvdata, dev_set_name, dev_name, driver_attach, driver_find, driver_register, driver_unregister, DL_FLAG_STATELESS, DL_FLAG_MANAGED, DL_FLAG_AUTOREMOVE_CONSUMER, DL_FLAG_PM_RUNTIME, DL_FLAG_RPM_ACTIVE, device_is_bound, device_find_child_by_name, bus_find_device_by_name, get_device, put_device, device_set_driver_override, device_remove_file, DEVICE_ATTR_RW, DEVICE_ATTR_RO, DEVICE_ATTR_WO, devm_kzalloc, devm_add_action, devm_remove_action, devm_release_action, device_reprobe, device_rename } from 'linux/device'
import { EPROBE_DEFER, ENODEV, EIO, EINVAL } from 'linux/errno'
import { IS_ERR, PTR_ERR } from 'linux/err'
import { GFP_KERNEL } from 'linux/slab'
import { sysfs_emit } from 'linux/sysfs'
import { platform_device_register_simple, platform_device_unregister, platform_device, platform_driver, platform_driver_register, platform_driver_unregister, platform_device_alloc, platform_device_add, platform_device_put, platform_get_irq, platform_get_resource, IORESOURCE_MEM, platform_device_add_resources, platform_get_irq_optional, platform_get_irq_byname, platform_driver_probe } from 'linux/platform_device'
import { DEFINE_RES_MEM, request_mem_region, release_mem_region } from 'linux/ioport'
import { pm_runtime_enable, pm_runtime_disable, pm_runtime_get_sync, pm_runtime_put_sync, pm_runtime_put_noidle, pm_runtime_get_noresume, pm_runtime_suspend, pm_runtime_resume, pm_runtime_idle, pm_runtime_set_active, pm_runtime_set_suspended, pm_runtime_get_if_active, pm_runtime_get_if_in_use, pm_runtime_put, pm_runtime_status_suspended, pm_runtime_active, pm_runtime_resume_and_get, pm_runtime_barrier, pm_runtime_put_autosuspend, pm_runtime_enabled, pm_runtime_suspended, pm_runtime_forbid, pm_runtime_allow, pm_runtime_no_callbacks, pm_runtime_get } from 'linux/pm_runtime'
import { KLAB, KLAB_PROBE } from './klab'

function rel(d: device) { KLAB('release', '%s', dev_name(d)) }
const bus = new bus_type({ name: 'klabbus' } as any)
const bus2 = new bus_type({ name: 'klabbus' } as any)
function mkdev(name: string): device {
  const d = new device()
  device_initialize(d)
  d.bus = bus
  d.release = rel
  dev_set_name(d, name)
  return d
}
const drv = new device_driver({ name: 'klabdrv', bus, probe: dprobe, remove: dremove } as any)
let ret = 0
function dprobe(d: device) { KLAB('probe', '%s', dev_name(d)); return ret }
function dremove(d: device) { KLAB('remove', '%s', dev_name(d)); return 0 }
function pprobe(p: platform_device) { return ret }
const pd = new platform_driver({ probe: pprobe, driver: { name: 'klabpdev' } } as any)
function act(p: any) { KLAB('action', '%s', p) }
function probe() {
  KLAB('bus', 'reg=%d', bus_register(bus))
  KLAB('bus', 'dup=%d', bus_register(bus2))
  const nameless = new device()
  nameless.release = rel
  KLAB('dev', 'nameless=%d', device_register(nameless))
  const a = mkdev('a')
  KLAB('dev', 'add=%d', device_add(a))
  const a2 = mkdev('a')
  KLAB('dev', 'dup=%d', device_add(a2))
  put_device(a2)
  KLAB('dev', 'attach=%d', device_attach(a))
  ret = -EIO
  KLAB('drv', 'reg=%d bound=%d', driver_register(drv), device_is_bound(a))
  const drv2 = new device_driver({ name: 'klabdrv', bus, probe: dprobe } as any)
  KLAB('drv', 'dup=%d', driver_register(drv2))
  ret = -ENODEV
  KLAB('dev', 'attach=%d', device_attach(a))
  ret = 0
  KLAB('dev', 'attach=%d again=%d', device_attach(a), device_attach(a))
  KLAB('find', 'drv=%d none=%d dev=%d', driver_find('klabdrv', bus) === drv, driver_find('x', bus) === null, bus_find_device_by_name(bus, null, 'a') === a)
  put_device(a)
  device_release_driver(a)
  device_release_driver(a)
  const b = mkdev('b')
  KLAB('dev', 'b=%d', device_add(b))
  const l1 = device_link_add(a, b, 0)
  KLAB('link', 'ok=%d status=%d', l1 !== null, l1 ? l1.status : -1)
  const l2 = device_link_add(a, b, DL_FLAG_STATELESS)
  KLAB('link', 'again=%d same=%d', l2 !== null, l1 === l2)
  const l3 = device_link_add(b, a, 0)
  KLAB('link', 'cycle=%d', l3 === null)
  KLAB('link', 'self=%d', device_link_add(a, a, 0) === null)
  KLAB('link', 'bad=%d', device_link_add(a, b, DL_FLAG_STATELESS | DL_FLAG_AUTOREMOVE_CONSUMER) === null)
  KLAB('rename', 'ret=%d name=%s', device_rename(b, 'c'), dev_name(b))
  KLAB('rename', 'dup=%d', device_rename(b, 'a'))
  devm_add_action(a, act, 'one')
  devm_add_action(a, act, 'two')
  KLAB('devm', 'x=%d', 1)
  devm_release_action(a, act, 'one')
  devm_release_action(a, act, 'three')
  device_unregister(b)
  device_unregister(a)
  driver_unregister(drv)
  driver_unregister(drv)
  bus_unregister(bus)

  const cl = class_create('klabcls')
  KLAB('class', 'ok=%d', IS_ERR(cl))
  const cl2 = class_create('klabcls')
  KLAB('class', 'dup=%ld', PTR_ERR(cl2))
  const d1 = device_create(cl, null, 0, null, 'kd%d', 1)
  const d2 = device_create(cl, null, 0, null, 'kd%d', 1)
  KLAB('class', 'd1=%d d2=%ld', IS_ERR(d1), PTR_ERR(d2))
  const attr = DEVICE_ATTR_RO('x', (d: device, at: any, buf: Uint8Array) => sysfs_emit(buf, 'x\n'))
  KLAB('attr', 'c=%d c=%d', device_create_file(d1, attr), device_create_file(d1, attr))

  KLAB('pm', 'get_dis=%d', pm_runtime_get_sync(d1))
  KLAB('pm', 'usage=%d', d1.power.usage_count.counter)
  pm_runtime_put_noidle(d1)
  pm_runtime_put_noidle(d1)
  KLAB('pm', 'usage=%d', d1.power.usage_count.counter)
  KLAB('pm', 'suspend_dis=%d resume_dis=%d idle_dis=%d', pm_runtime_suspend(d1), pm_runtime_resume(d1), pm_runtime_idle(d1))
  KLAB('pm', 'ifact=%d ifuse=%d', pm_runtime_get_if_active(d1), pm_runtime_get_if_in_use(d1))
  KLAB('pm', 'active=%d susp=%d stsusp=%d', pm_runtime_active(d1), pm_runtime_suspended(d1), pm_runtime_status_suspended(d1))
  KLAB('pm', 'set_active=%d', pm_runtime_set_active(d1))
  KLAB('pm', 'resume_dis_act=%d', pm_runtime_resume(d1))
  pm_runtime_enable(d1)
  pm_runtime_enable(d1)
  KLAB('pm', 'set_active_en=%d', pm_runtime_set_active(d1))
  KLAB('pm', 'resume=%d', pm_runtime_resume(d1))
  KLAB('pm', 'get=%d suspend=%d idle=%d', pm_runtime_get_sync(d1), pm_runtime_suspend(d1), pm_runtime_idle(d1))
  KLAB('pm', 'ifact=%d ifuse=%d', pm_runtime_get_if_active(d1), pm_runtime_get_if_in_use(d1))
  pm_runtime_put_noidle(d1)
  pm_runtime_put_noidle(d1)
  KLAB('pm', 'put=%d st=%d', pm_runtime_put_sync(d1), pm_runtime_status_suspended(d1))
  KLAB('pm', 'suspend=%d under=%d', pm_runtime_suspend(d1), pm_runtime_put_sync(d1))
  KLAB('pm', 'rg=%d', pm_runtime_resume_and_get(d1))
  KLAB('pm', 'barrier=%d', pm_runtime_barrier(d1))
  pm_runtime_disable(d1)
  pm_runtime_disable(d1)
  device_destroy(cl, 0)
  class_destroy(cl)

  const p = platform_device_register_simple('klabpdev', 3, [DEFINE_RES_MEM(0xf0000000, 0x100)], 1)
  KLAB('plat', 'p=%d name=%s', IS_ERR(p), dev_name(p.dev))
  const p2 = platform_device_register_simple('klabpdev', 3, null, 0)
  KLAB('plat', 'p2=%ld', PTR_ERR(p2))
  const p3 = platform_device_register_simple('klabother', -1, [DEFINE_RES_MEM(0xf0000000, 0x100)], 1)
  KLAB('plat', 'p3=%ld', PTR_ERR(p3))
  KLAB('plat', 'irq=%d irqo=%d byname=%d res=%d', platform_get_irq(p, 0), platform_get_irq_optional(p, 0), platform_get_irq_byname(p, 'x'), platform_get_resource(p, IORESOURCE_MEM, 1) === null)
  ret = -EPROBE_DEFER
  KLAB('plat', 'drv=%d', platform_driver_register(pd))
  ret = 0
  platform_driver_unregister(pd)
  platform_device_unregister(p)
}
KLAB_PROBE('drv-answers', probe)
