import { kmalloc, kzalloc, kfree, GFP_KERNEL } from 'linux/slab'
import { KLAB, KLAB_PROBE } from './klab'
class obj { a = 1; b = 2 }
function probe() {
  const o = kzalloc(obj, GFP_KERNEL)!
  KLAB('zero', 'a=%d', o.a)
  kfree(o)
  KLAB('read', 'a=%d', o.a)
  o.b = 3
  KLAB('write', 'b=%d', o.b)
  kfree(o)
  const b = kmalloc(10, GFP_KERNEL)!
  b[10] = 1
  KLAB('oob', 'v=%d', b[11])
  kfree(b)
}
KLAB_PROBE('mem-wrong', probe)
