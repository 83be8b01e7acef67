import type { file, inode } from 'linux/fs'
import { mmget_not_zero, mmgrab, mmdrop, type mm_struct } from 'linux/sched/mm'
import { mmu_notifier, mmu_notifier_register, mmu_notifier_unregister } from 'linux/mmu_notifier'
import { atomic_read } from 'linux/atomic'
import { current } from 'linux/sched'
import { KLAB, KLAB_PROBE } from './klab'
import { mn_ops, mn_probe } from './klab_mmn'

// After the exit: the structure is still there, its contents can not be had any more.
const mn = new mmu_notifier({ ops: mn_ops })
let mm: mm_struct
function mn_ioctl(f: file, cmd: number, arg: number): number {
  mm = current.mm!
  mmgrab(mm)
  return mmu_notifier_register(mn, mm)
}
function mn_fop_release(i: inode, f: file): number {
  KLAB('file', 'current_mm_null=%d users=%d', current.mm === null, atomic_read(mm.mm_users))
  KLAB('file', 'mmget_not_zero=%d', mmget_not_zero(mm))
  mmu_notifier_unregister(mn, mm)
  KLAB('file', 'unregistered=1')
  mmdrop(mm)
  return 0
}
KLAB_PROBE('mmu-after-exit', () => mn_probe(mn_ioctl, mn_fop_release))
