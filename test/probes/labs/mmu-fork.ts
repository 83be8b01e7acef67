import type { file } from 'linux/fs'
import { mmu_notifier, mmu_notifier_register } from 'linux/mmu_notifier'
import { current } from 'linux/sched'
import { KLAB_PROBE } from './klab'
import { mn_file_release, mn_ops, mn_probe } from './klab_mmn'

const mn = new mmu_notifier({ ops: mn_ops })
function mn_ioctl(f: file, cmd: number, arg: number): number {
  return mmu_notifier_register(mn, current.mm!)
}
function probe() {
  mn_probe(mn_ioctl, mn_file_release)
}
KLAB_PROBE('mmu-fork', probe)
