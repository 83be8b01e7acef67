import { cpumask_of } from 'linux/cpumask'
import { msleep } from 'linux/delay'
import { current, set_cpus_allowed_ptr } from 'linux/sched'
import { DEFINE_SPINLOCK, spin_lock, spin_unlock } from 'linux/spinlock'
import { KLAB, KLAB_PROBE } from './klab'

const s = DEFINE_SPINLOCK('s')
function probe() {
  KLAB('bind', 'ret=%d', set_cpus_allowed_ptr(current, cpumask_of(0)))
  spin_lock(s)
  msleep(10)
  spin_unlock(s)
  KLAB('msleep', 'returned=1')
}
KLAB_PROBE('lock-schedule-atomic', probe)
