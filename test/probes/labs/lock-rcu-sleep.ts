import { msleep } from 'linux/delay'
import { might_sleep } from 'linux/kernel'
import { rcu_read_lock, rcu_read_unlock } from 'linux/rcupdate'
import { KLAB, KLAB_PROBE } from './klab'

function probe() {
  rcu_read_lock()
  might_sleep()
  KLAB('might_sleep', 'returned=1')
  msleep(10)
  KLAB('msleep', 'returned=1')
  rcu_read_unlock()
}
KLAB_PROBE('lock-rcu-sleep', probe)
