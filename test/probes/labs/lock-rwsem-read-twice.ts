import { DECLARE_RWSEM, down_read, up_read } from 'linux/rwsem'
import { KLAB, KLAB_PROBE } from './klab'

const s = DECLARE_RWSEM('s')
function probe() {
  down_read(s)
  KLAB('read', 'first=1')
  down_read(s)
  KLAB('read', 'second=1')
  up_read(s)
  up_read(s)
}
KLAB_PROBE('lock-rwsem-read-twice', probe)
