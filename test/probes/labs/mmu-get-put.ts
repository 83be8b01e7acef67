import { IS_ERR } from 'linux/err'
import type { file, inode } from 'linux/fs'
import {
  mmu_notifier, mmu_notifier_get, mmu_notifier_put, mmu_notifier_synchronize, type mmu_notifier_ops,
} from 'linux/mmu_notifier'
import { current } from 'linux/sched'
import type { mm_struct } from 'linux/sched/mm'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { KLAB, KLAB_PROBE } from './klab'
import { mn_end, mn_probe, mn_release, mn_start } from './klab_mmn'

let allocs = 0
function al(mm: mm_struct): mmu_notifier {
  const n = kzalloc(mmu_notifier, GFP_KERNEL)
  allocs++
  KLAB('alloc', 'n=%d', allocs)
  return n!
}
function fr(n: mmu_notifier) {
  KLAB('free_notifier', 'called=1')
  kfree(n)
}
const ops2: mmu_notifier_ops = {
  release: mn_release,
  invalidate_range_start: mn_start,
  invalidate_range_end: mn_end,
  alloc_notifier: al,
  free_notifier: fr,
}
function mn_ioctl(f: file, cmd: number, arg: number): number {
  const a = mmu_notifier_get(ops2, current.mm!)
  const b = mmu_notifier_get(ops2, current.mm!)
  KLAB('get', 'same=%d allocs=%d', a === b, allocs)
  mmu_notifier_put(a)
  KLAB('put', 'first=1')
  mmu_notifier_synchronize()
  KLAB('sync', 'done=1')
  mmu_notifier_put(b)
  KLAB('put', 'second=1')
  mmu_notifier_synchronize()
  KLAB('sync', 'done=2')
  const c = mmu_notifier_get(ops2, current.mm!)
  KLAB('get', 'allocs=%d ok=%d', allocs, !IS_ERR(c))
  f.private_data = c
  return 0
}
function mn_fop_release(i: inode, f: file): number {
  KLAB('file', 'release=1')
  mmu_notifier_put(f.private_data as mmu_notifier)
  mmu_notifier_synchronize()
  KLAB('file', 'synchronized=1')
  return 0
}
function probe() {
  mn_probe(mn_ioctl, mn_fop_release)
}
KLAB_PROBE('mmu-get-put', probe)
