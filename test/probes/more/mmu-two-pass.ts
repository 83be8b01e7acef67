import type { file, inode } from 'linux/fs'
import { PAGE_SIZE } from 'linux/mm'
import {
  mmu_interval_notifier, mmu_interval_notifier_finish, mmu_interval_notifier_insert,
  mmu_interval_notifier_remove, mmu_interval_set_seq, type mmu_interval_notifier_ops,
} from 'linux/mmu_notifier'
import { container_of } from 'linux/container_of'
import { current } from 'linux/sched'
import { KLAB, KLAB_PROBE } from './klab'
import { mn_ev, mn_probe } from './klab_mmn'

// Two passes: all flushes are begun before the first one is waited for.
class gpu {
  notifier = new mmu_interval_notifier()
  finish = new mmu_interval_notifier_finish()
  name = ''
}
const a = new gpu()
const b = new gpu()
const ops: mmu_interval_notifier_ops = {
  invalidate_start(n, r, seq, final) {
    const g = container_of(n, gpu, 'notifier')
    mmu_interval_set_seq(n, seq)
    KLAB('begin_flush', 'gpu=%s ev=%s', g.name, mn_ev[r.event])
    final.value = g.finish
    return true
  },
  invalidate_finish(final) {
    const g = container_of(final, gpu, 'finish')
    KLAB('wait_flush', 'gpu=%s own=%d', g.name, final.notifier === g.notifier)
  },
}
function add(g: gpu, name: string, at: number) {
  g.name = name
  KLAB('insert', 'ret=%d', mmu_interval_notifier_insert(g.notifier, current.mm!, at, PAGE_SIZE, ops))
}
function mn_ioctl(f: file, cmd: number, arg: number): number {
  add(a, 'a', arg + PAGE_SIZE)
  add(b, 'b', arg)
  return 0
}
function mn_fop_release(i: inode, f: file): number {
  mmu_interval_notifier_remove(a.notifier)
  mmu_interval_notifier_remove(b.notifier)
  KLAB('file', 'release=1')
  return 0
}
KLAB_PROBE('mmu-two-pass', () => mn_probe(mn_ioctl, mn_fop_release))
