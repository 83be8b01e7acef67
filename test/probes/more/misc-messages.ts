import { _IOR, _IOC_NR, _IOC_SIZE } from 'linux/ioctl'
import { async_schedule, async_synchronize_full, async_synchronize_cookie } from 'linux/async'
import { msleep } from 'linux/delay'
import { DUMP_PREFIX_OFFSET, KERN_INFO, pr_debug, pr_info, print_hex_dump } from 'linux/printk'
import { strcpy, strlen, strncpy, strspn, str_has_prefix, strrchr, kbasename } from 'linux/string'
import { kmalloc, kzalloc, GFP_KERNEL } from 'linux/slab'
import { SZ_4K } from 'linux/sizes'
import { KLAB, KLAB_PROBE } from './klab'

function job(data: string, cookie: number) {
  msleep(data === 'slow' ? 50 : 5)
  KLAB('job', 'data=%s', data)
}
function probe() {
  pr_debug('KLAB debug is not printed\n')
  const b = kzalloc(64, GFP_KERNEL)!
  strcpy(b, 'hello world, this is text')
  print_hex_dump(KERN_INFO, 'KLAB ', DUMP_PREFIX_OFFSET, 16, 1, b, 20, true)
  KLAB('string', 'len=%d spn=%d prefix=%d base=%s', strlen(b), strspn('aabc', 'ab'), str_has_prefix('klabdev', 'klab'), kbasename('/a/b/c'))
  KLAB('ioctl', 'cmd=0x%x nr=%d size=%d 4k=%d', _IOR('k', 3, 8), _IOC_NR(_IOR('k', 3, 8)), _IOC_SIZE(_IOR('k', 3, 8)), SZ_4K)
  async_schedule(job, 'slow')
  const second = async_schedule(job, 'fast')
  async_synchronize_cookie(second)
  KLAB('sync', 'first_done=1')
  async_synchronize_full()
  KLAB('sync', 'all_done=1')
}
KLAB_PROBE('misc-messages', probe)
