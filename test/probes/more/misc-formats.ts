import { ERR_PTR } from 'linux/err'
import { ENOMEM } from 'linux/errno'
import { ptr } from 'linux/types'
import { snprintf, scnprintf, sprintf, kstrtoint, kstrtouint, kstrtobool } from 'linux/kernel'
import { GFP_KERNEL } from 'linux/slab'
import { DMA_BIT_MASK, DMA_MAPPING_ERROR } from 'linux/dma-mapping'
import { resource } from 'linux/ioport'
import { DEFINE_RES_MEM } from 'linux/ioport'
import { kzalloc } from 'linux/slab'
import { KLAB, KLAB_PROBE } from './klab'
function probe() {
  KLAB('d', '%d|%5d|%-5d|%05d|%+d|% d|%i', -3, 42, 42, 42, 42, 42, 7)
  KLAB('x', '%x|%X|%#x|%08x|%lx|%llx|%o', 255, 255, 255, 255, 0xdeadbeef, 2 ** 40, 8)
  KLAB('u', '%u|%lu|%llu|%zu|%zd|%hhu|%hd', -1, -1, -1, 5, -5, 300, 70000)
  KLAB('s', '%s|%10s|%-10s|%.2s|%c|%%|%*d|%.*s', 'abc', 'abc', 'abc', 'abc', 65, 4, 7, 2, 'xyz')
  KLAB('null', '%s|%p|%px', null, null, null)
  KLAB('e', '%pe|%pe', ERR_PTR(-ENOMEM), ERR_PTR(-517))
  KLAB('f', '%ps|%pS', probe, probe)
  const a = ptr(0x12345678)
  KLAB('pad', '%pad', a)
  const b = new Uint8Array([1, 2, 0xab])
  KLAB('ph', '%*ph|%*phC|%*phN', 3, b, 3, b, 3, b)
  const m = kzalloc(16, GFP_KERNEL)!
  KLAB('sn', '%d %d %s', snprintf(m, 5, 'hello %d', 12), scnprintf(m, 5, 'hello'), m)
  const v = ptr(0)
  KLAB('k', '%d %d|%d %d|%d|%d', kstrtoint('12\n', 10, v), v.value, kstrtoint('0x1f', 0, v), v.value, kstrtoint('12x', 10, v), kstrtouint('-1', 10, v))
  const q = ptr(false)
  KLAB('b', '%d%d %d%d %d', kstrtobool('y', q), q.value, kstrtobool('off', q), q.value, kstrtobool('z', q))
  KLAB('big', '%lld|%llu', -5000000000, 9007199254740991)
  KLAB('mask', '%llx|%llx|%pad', DMA_BIT_MASK(64), DMA_MAPPING_ERROR, ptr(DMA_MAPPING_ERROR))
  KLAB('res', '%pR|%pM|%pI4', DEFINE_RES_MEM(0xfe000000, 0x1000), new Uint8Array([0, 17, 34, 51, 68, 85]), new Uint8Array([10, 0, 0, 1]))
  KLAB('bool', '%d|%d|%s', true, false, 'x')
}
KLAB_PROBE('misc-formats', probe)
