import { rcu_read_lock, rcu_read_unlock, synchronize_rcu } from 'linux/rcupdate'
import { KLAB, KLAB_PROBE } from './klab'

function probe() {
  rcu_read_lock()
  KLAB('sync', 'call=1')
  synchronize_rcu()
  KLAB('sync', 'returned=1')
  rcu_read_unlock()
}
KLAB_PROBE('lock-rcu-sync-inside', probe)
