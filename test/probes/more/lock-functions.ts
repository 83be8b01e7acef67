import { DEFINE_MUTEX, mutex, mutex_init, mutex_is_locked, mutex_lock, mutex_lock_interruptible, mutex_lock_killable, mutex_trylock, mutex_unlock, mutex_destroy } from 'linux/mutex'
import { DEFINE_SPINLOCK, spin_is_locked, spin_lock, spin_lock_bh, spin_lock_init, spin_lock_irq, spin_lock_irqsave, spin_trylock, spin_unlock, spin_unlock_bh, spin_unlock_irq, spin_unlock_irqrestore, spinlock_t } from 'linux/spinlock'
import { DECLARE_RWSEM, down_read, down_read_trylock, down_write, down_write_trylock, downgrade_write, rwsem_is_locked, up_read, up_write } from 'linux/rwsem'
import { DEFINE_SEMAPHORE, down, down_timeout, down_trylock, sema_init, semaphore, up, down_interruptible } from 'linux/semaphore'
import { irqs_disabled, local_irq_restore, local_irq_save } from 'linux/irqflags'
import { in_atomic, preempt_count, preempt_disable, preempt_enable, in_softirq } from 'linux/preempt'
import { DEFINE_RWLOCK, read_lock, read_unlock, write_lock, write_trylock, write_unlock, read_trylock } from 'linux/rwlock'
import { HZ } from 'linux/jiffies'
import { rt_mutex } from 'linux/rtmutex'
import { KLAB, KLAB_PROBE } from './klab'

const m = DEFINE_MUTEX('m')
const s = DEFINE_SPINLOCK('s')
const rw = DECLARE_RWSEM('rw')
const sem = DEFINE_SEMAPHORE('sem', 1)
const rwl = DEFINE_RWLOCK('rwl')
function probe() {
  KLAB('mutex', 'intr=%d locked=%d try=%d', mutex_lock_interruptible(m), mutex_is_locked(m), mutex_trylock(m))
  mutex_unlock(m)
  KLAB('mutex', 'kill=%d', mutex_lock_killable(m))
  mutex_unlock(m)
  const flags = spin_lock_irqsave(s)
  KLAB('spin', 'irqs_off=%d atomic=%d locked=%d try=%d', irqs_disabled(), !!in_atomic(), spin_is_locked(s), spin_trylock(s))
  spin_unlock_irqrestore(s, flags)
  spin_lock_bh(s)
  KLAB('spin', 'bh=%d irqs_off=%d', !!in_softirq(), irqs_disabled())
  spin_unlock_bh(s)
  spin_lock_irq(s)
  spin_unlock_irq(s)
  KLAB('spin', 'irqs_off=%d atomic=%d', irqs_disabled(), !!in_atomic())
  down_read(rw)
  KLAB('rwsem', 'try_read=%d try_write=%d', down_read_trylock(rw), down_write_trylock(rw))
  up_read(rw)
  up_read(rw)
  down_write(rw)
  KLAB('rwsem', 'try_read=%d locked=%d', down_read_trylock(rw), rwsem_is_locked(rw))
  downgrade_write(rw)
  KLAB('rwsem', 'try_read=%d', down_read_trylock(rw))
  up_read(rw)
  up_read(rw)
  KLAB('sem', 'intr=%d try=%d timeout=%d', down_interruptible(sem), down_trylock(sem), down_timeout(sem, HZ / 10))
  up(sem)
  up(sem)
  KLAB('sem', 'try=%d try=%d try=%d', down_trylock(sem), down_trylock(sem), down_trylock(sem))
  read_lock(rwl)
  KLAB('rwlock', 'write=%d read=%d', write_trylock(rwl), read_trylock(rwl))
  read_unlock(rwl)
  read_unlock(rwl)
  write_lock(rwl)
  KLAB('rwlock', 'read=%d', read_trylock(rwl))
  write_unlock(rwl)
  preempt_disable()
  KLAB('preempt', 'count=%d', preempt_count())
  preempt_enable()
}
KLAB_PROBE('lock-functions', probe)
