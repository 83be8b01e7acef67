import type { file, inode } from 'linux/fs'
import { PAGE_SIZE } from 'linux/mm'
import {
  mmu_interval_notifier, mmu_interval_notifier_insert, mmu_interval_notifier_remove,
  mmu_interval_set_seq, type mmu_interval_notifier_ops, type mmu_notifier_range,
} from 'linux/mmu_notifier'
import { current } from 'linux/sched'
import { KLAB, KLAB_PROBE } from './klab'
import { mn_ev, mn_probe } from './klab_mmn'

const inn = new mmu_interval_notifier()
function inv(n: mmu_interval_notifier, r: mmu_notifier_range, s: number): boolean {
  KLAB('invalidate', 'ev=%s', r.event < 8 ? mn_ev[r.event] : '?')
  mmu_interval_set_seq(n, s)
  return true
}
const iops: mmu_interval_notifier_ops = { invalidate: inv }
function mn_ioctl(f: file, cmd: number, arg: number): number {
  const start = 0x10000000 + 2 * PAGE_SIZE
  const ret = mmu_interval_notifier_insert(inn, current.mm!, start, 2 * PAGE_SIZE, iops)
  KLAB('insert', 'ret=%d', ret)
  return 0
}
function mn_fop_release(i: inode, f: file): number {
  KLAB('file', 'release=1 current_mm_null=%d', current.mm === null)
  mmu_interval_notifier_remove(inn)
  KLAB('remove', 'returned=1')
  return 0
}
function probe() {
  mn_probe(mn_ioctl, mn_fop_release)
}
KLAB_PROBE('mmu-interval-exit', probe)
