import { IRQ_WORK_INIT_HARD, irq_work, irq_work_queue, irq_work_sync } from 'linux/irq_work'
import { in_hardirq } from 'linux/preempt'
import { DEFINE_RAW_SPINLOCK, raw_spin_lock, raw_spin_unlock } from 'linux/spinlock'
import { KLAB, KLAB_PROBE } from './klab'

const s = DEFINE_RAW_SPINLOCK('s')
let hit = 0
function fn(w: irq_work) {
  raw_spin_lock(s)
  hit = in_hardirq() ? 1 : 2
  raw_spin_unlock(s)
}
const iw = IRQ_WORK_INIT_HARD(fn)
function probe() {
  irq_work_queue(iw)
  irq_work_sync(iw)
  KLAB('irq', 'hit=%d', hit)
  raw_spin_lock(s)
  KLAB('process', 'locked=1')
  raw_spin_unlock(s)
}
KLAB_PROBE('lock-irq-inversion-raw', probe)
