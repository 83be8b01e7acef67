import { DEFINE_RAW_SPINLOCK, raw_spin_is_locked, raw_spin_lock, raw_spin_trylock } from 'linux/spinlock'
import { KLAB, KLAB_PROBE, klab_on, klab_spin_ms } from './klab'

const s = DEFINE_RAW_SPINLOCK('s')
function fn(p: null) {
  raw_spin_lock(s)
  KLAB('trylock', 'self=%d', raw_spin_trylock(s))
  raw_spin_lock(s)
  KLAB('second', 'got=1')
  return 0
}
function probe() {
  klab_on(1, fn, null)
  klab_spin_ms(1000)
  KLAB('later', 'locked=%d', raw_spin_is_locked(s))
}
KLAB_PROBE('lock-spin-aa', probe)
