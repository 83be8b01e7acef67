import { IRQ_WORK_INIT_HARD, irq_work, irq_work_queue, irq_work_sync } from 'linux/irq_work'
import { DEFINE_RAW_SPINLOCK, raw_spin_lock, raw_spin_lock_irqsave, raw_spin_unlock, raw_spin_unlock_irqrestore } from 'linux/spinlock'
import { KLAB, KLAB_PROBE } from './klab'

const safe = DEFINE_RAW_SPINLOCK('safe')
const unsafe = DEFINE_RAW_SPINLOCK('unsafe')
function fn(w: irq_work) {
  raw_spin_lock(safe)
  raw_spin_unlock(safe)
}
const iw = IRQ_WORK_INIT_HARD(fn)
function probe() {
  irq_work_queue(iw)
  irq_work_sync(iw)
  raw_spin_lock(unsafe)
  raw_spin_unlock(unsafe)
  KLAB('setup', 'done=1')
  const f = raw_spin_lock_irqsave(safe)
  raw_spin_lock(unsafe)
  raw_spin_unlock(unsafe)
  raw_spin_unlock_irqrestore(safe, f)
  KLAB('end', 'done=1')
}
KLAB_PROBE('lock-irq-safe-unsafe', probe)
