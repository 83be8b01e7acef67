import type { file } from 'linux/fs'
import { PAGE_SIZE } from 'linux/mm'
import {
  mmu_interval_check_retry, mmu_interval_notifier, mmu_interval_notifier_insert,
  mmu_interval_notifier_remove, mmu_interval_read_begin, mmu_interval_read_retry,
  mmu_interval_set_seq, mmu_notifier, mmu_notifier_register, type mmu_notifier_range,
} from 'linux/mmu_notifier'
import { current } from 'linux/sched'
import { KLAB, KLAB_PROBE } from './klab'
import { mn_file_release, mn_probe } from './klab_mmn'

// What interval notifiers and registrations refuse, and how sequence numbers move.
const inn = new mmu_interval_notifier()
const bad = new mmu_notifier({
  ops: { arch_invalidate_secondary_tlbs() {}, invalidate_range_end() {} },
})
const iops = {
  invalidate(n: mmu_interval_notifier, r: mmu_notifier_range, seq: number) {
    mmu_interval_set_seq(n, seq)
    return true
  },
}
let seq = 0
function mn_ioctl(f: file, cmd: number, arg: number): number {
  const mm = current.mm!
  if (cmd === 101) {
    KLAB('insert', 'empty=%d', mmu_interval_notifier_insert(inn, mm, arg, 0, iops))
    KLAB('insert', 'ret=%d', mmu_interval_notifier_insert(inn, mm, arg, 2 * PAGE_SIZE, iops))
    KLAB('register', 'mixed=%d', mmu_notifier_register(bad, mm))
    seq = mmu_interval_read_begin(inn)
    KLAB('begin', 'odd=%d retry=%d', seq & 1, mmu_interval_read_retry(inn, seq))
  } else if (cmd === 102) {
    const check = mmu_interval_check_retry(inn, seq)
    KLAB('after', 'retry=%d check=%d', mmu_interval_read_retry(inn, seq), check)
    seq = mmu_interval_read_begin(inn)
  } else {
    mmu_interval_notifier_remove(inn)
    KLAB('remove', 'done=1')
  }
  return 0
}
KLAB_PROBE('mmu-interval-errors', () => mn_probe(mn_ioctl, mn_file_release))
