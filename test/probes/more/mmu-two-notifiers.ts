import type { file, inode } from 'linux/fs'
import { PAGE_SIZE } from 'linux/mm'
import {
  mmu_interval_notifier, mmu_interval_notifier_insert, mmu_interval_notifier_remove,
  mmu_interval_set_seq, mmu_notifier, mmu_notifier_register, mmu_notifier_unregister,
  type mmu_notifier_ops,
} from 'linux/mmu_notifier'
import { atomic_read } from 'linux/atomic'
import { current } from 'linux/sched'
import type { mm_struct } from 'linux/sched/mm'
import { KLAB, KLAB_PROBE } from './klab'
import { mn_probe } from './klab_mmn'

// Two list notifiers and two interval notifiers of one address space: who is called when.
const named = (name: string): mmu_notifier_ops => ({
  release(n, mm) {
    KLAB('release', 'name=%s', name)
  },
  invalidate_range_start(n, r) {
    if (r.start === 0x10000000) KLAB('start', 'name=%s', name)
    return 0
  },
  invalidate_range_end(n, r) {
    if (r.start === 0x10000000) KLAB('end', 'name=%s', name)
  },
})
const first = new mmu_notifier({ ops: named('first') })
const second = new mmu_notifier({ ops: named('second') })
const low = new mmu_interval_notifier()
const high = new mmu_interval_notifier()
const interval = (name: string) => ({
  invalidate(n: mmu_interval_notifier, r: unknown, seq: number) {
    KLAB('invalidate', 'name=%s', name)
    mmu_interval_set_seq(n, seq)
    return true
  },
})
let mm: mm_struct
function mn_ioctl(f: file, cmd: number, arg: number): number {
  if (cmd === 102) {
    mmu_notifier_unregister(first, mm)
    KLAB('unregister', 'count=%d users=%d', atomic_read(mm.mm_count) > 0, atomic_read(mm.mm_users))
    return 0
  }
  mm = current.mm!
  const count = atomic_read(mm.mm_count)
  KLAB('register', 'ret=%d', mmu_notifier_register(first, mm))
  KLAB('register', 'ret=%d', mmu_notifier_register(second, mm))
  const h = mmu_interval_notifier_insert(high, mm, arg + 4 * PAGE_SIZE, PAGE_SIZE, interval('high'))
  const l = mmu_interval_notifier_insert(low, mm, arg, PAGE_SIZE, interval('low'))
  KLAB('insert', 'high=%d low=%d', h, l)
  KLAB('count', 'more=%d users=%d', atomic_read(mm.mm_count) - count, atomic_read(mm.mm_users))
  return 0
}
function mn_fop_release(i: inode, f: file): number {
  mmu_interval_notifier_remove(low)
  mmu_interval_notifier_remove(high)
  mmu_notifier_unregister(second, mm)
  KLAB('file', 'release=1')
  return 0
}
KLAB_PROBE('mmu-two-notifiers', () => mn_probe(mn_ioctl, mn_fop_release))
