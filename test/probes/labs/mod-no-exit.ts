import { module_refcount, THIS_MODULE } from 'linux/module'
import { KLAB, KLAB_PROBE } from './klab'

function probe() {
  KLAB('init', 'refcount=%d', module_refcount(THIS_MODULE))
}
KLAB_PROBE('mod-no-exit', probe)
