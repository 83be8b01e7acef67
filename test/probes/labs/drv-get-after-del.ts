import { bus_register, device_del, device_is_registered, get_device, put_device } from 'linux/device'
import { kref_read } from 'linux/kref'
import { KLAB, KLAB_PROBE } from './klab'
import { kb, kb_add, kb_bus } from './klab_bus'

function probe() {
  kb.quiet_match = 1
  KLAB('bus', 'register=%d', bus_register(kb_bus))
  const d = kb_add('aa1')
  KLAB('refs', 'added=%u', kref_read(d.kobj.kref))
  device_del(d)
  KLAB('refs', 'deleted=%u registered=%d', kref_read(d.kobj.kref), device_is_registered(d))
  const e = get_device(d)
  KLAB('get', 'same=%d refs=%u', e === d, kref_read(d.kobj.kref))
  put_device(e)
  KLAB('put', 'last_next=1')
  put_device(d)
  KLAB('get', 'null=%d', get_device(null) === null)
}
KLAB_PROBE('drv-get-after-del', probe)
