import { bit_spin_lock, bit_spin_trylock, bit_spin_unlock } from 'linux/bit_spinlock'
import { clear_bit, set_bit, test_and_clear_bit, test_bit } from 'linux/bitops'
import { msleep, mdelay } from 'linux/delay'
import { kthread_run, kthread_stop } from 'linux/kthread'
import { TASK_UNINTERRUPTIBLE } from 'linux/sched'
import { ptr_to } from 'linux/types'
import { wait_on_bit, wake_up_bit, clear_and_wake_up_bit } from 'linux/wait_bit'
import { KLAB, KLAB_PROBE, klab_on, klab_spin_ms } from './klab'
class dev { flags = 0; n = 0 }
const d = new dev()
function locker(p: null) {
  klab_spin_ms(10)
  bit_spin_lock(0, ptr_to(d, 'flags'))
  KLAB('locker', 'n=%d', d.n)
  bit_spin_unlock(0, ptr_to(d, 'flags'))
  return 0
}
function waiter(p: null) {
  const r = wait_on_bit(ptr_to(d, 'flags'), 3, TASK_UNINTERRUPTIBLE)
  KLAB('waiter', 'ret=%d bit=%d', r, test_bit(3, ptr_to(d, 'flags')))
  return 0
}
function probe() {
  klab_on(1, locker, null)
  bit_spin_lock(0, ptr_to(d, 'flags'))
  KLAB('held', 'flags=%d try=%d', d.flags, bit_spin_trylock(0, ptr_to(d, 'flags')))
  klab_spin_ms(30)
  d.n = 7
  bit_spin_unlock(0, ptr_to(d, 'flags'))
  msleep(10)
  set_bit(3, ptr_to(d, 'flags'))
  KLAB('set', 'flags=%d', d.flags)
  klab_on(1, waiter, null)
  msleep(20)
  KLAB('clear', 'was=%d', test_and_clear_bit(3, ptr_to(d, 'flags')))
  wake_up_bit(ptr_to(d, 'flags'), 3)
  msleep(10)
  KLAB('end2', 'flags=%d', d.flags)
}
KLAB_PROBE('lock-bits', probe)
