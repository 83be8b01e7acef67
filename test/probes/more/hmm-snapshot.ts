import type { file, inode } from 'linux/fs'
import {
  HMM_PFN_ERROR, HMM_PFN_REQ_FAULT, HMM_PFN_REQ_WRITE, HMM_PFN_VALID, HMM_PFN_WRITE, hmm_range,
  hmm_range_fault,
} from 'linux/hmm'
import { PAGE_SIZE } from 'linux/mm'
import { mmap_read_lock, mmap_read_unlock } from 'linux/mmap_lock'
import {
  mmu_interval_notifier, mmu_interval_notifier_insert, mmu_interval_notifier_remove,
  mmu_interval_read_begin, mmu_interval_read_retry, mmu_interval_set_seq,
  type mmu_interval_notifier_ops,
} from 'linux/mmu_notifier'
import { current } from 'linux/sched'
import { KLAB, KLAB_PROBE } from './klab'
import { mn_ev, mn_probe } from './klab_mmn'

// What hmm_range_fault answers for a window of ten pages, of which eight are mapped.
const PAGES = 10
const inn = new mmu_interval_notifier()
const iops: mmu_interval_notifier_ops = {
  invalidate(n, r, seq) {
    KLAB('invalidate', 'ev=%s', mn_ev[r.event])
    mmu_interval_set_seq(n, seq)
    return true
  },
}
function text(pfns: Record<number, number>, n: number): string {
  let all = ''
  for (let i = 0; i < n; i++) {
    const pfn = pfns[i]!
    if (pfn & HMM_PFN_ERROR) all += 'E'
    else if (!(pfn & HMM_PFN_VALID)) all += '-'
    else all += pfn & HMM_PFN_WRITE ? 'W' : 'R'
  }
  return all
}
function look(at: number, pages: number, flags: number): number {
  const range = new hmm_range()
  range.notifier = inn
  range.start = at
  range.end = at + pages * PAGE_SIZE
  range.hmm_pfns = Array.from({ length: pages }, () => 0)
  range.default_flags = flags
  range.notifier_seq = mmu_interval_read_begin(inn)
  mmap_read_lock(current.mm!)
  const ret = hmm_range_fault(range)
  mmap_read_unlock(current.mm!)
  const retry = mmu_interval_read_retry(inn, range.notifier_seq)
  if (ret) KLAB('look', 'ret=%d retry=%d', ret, retry)
  else KLAB('look', 'ret=0 retry=%d pages=%s', retry, text(range.hmm_pfns, pages))
  return ret
}
function mn_ioctl(f: file, cmd: number, arg: number): number {
  if (cmd === 101) return mmu_interval_notifier_insert(inn, current.mm!, arg, PAGES * PAGE_SIZE, iops)
  if (cmd === 102) return look(arg, PAGES, 0)
  if (cmd === 103) return look(arg, 8, HMM_PFN_REQ_FAULT)
  return look(arg, cmd === 105 ? PAGES : 8, HMM_PFN_REQ_FAULT | HMM_PFN_REQ_WRITE)
}
function mn_fop_release(i: inode, f: file): number {
  mmu_interval_notifier_remove(inn)
  KLAB('file', 'release=1')
  return 0
}
KLAB_PROBE('hmm-snapshot', () => mn_probe(mn_ioctl, mn_fop_release))
