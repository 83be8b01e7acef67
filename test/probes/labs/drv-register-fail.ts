import { bus_register, device_is_registered, device_register, put_device } from 'linux/device'
import { kref_read } from 'linux/kref'
import { GFP_KERNEL, kzalloc } from 'linux/slab'
import { KLAB, KLAB_PROBE } from './klab'
import { kb, kb_add, kb_bus, kb_dev, kb_release } from './klab_bus'

function probe() {
  kb.quiet_match = 1
  KLAB('bus', 'register=%d', bus_register(kb_bus))
  kb_add('aa1')
  const d = kb_add('aa1')
  KLAB('failed', 'refs=%u registered=%d', kref_read(d.kobj.kref), device_is_registered(d))
  put_device(d)
  const k = kzalloc(kb_dev, GFP_KERNEL)!
  k.dev.release = kb_release
  KLAB('register', 'no_name=%d', device_register(k.dev))
  KLAB('failed', 'refs=%u', kref_read(k.dev.kobj.kref))
}
KLAB_PROBE('drv-register-fail', probe)
