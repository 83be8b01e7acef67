import type { file } from 'linux/fs'
import {
  mmu_notifier, mmu_notifier_get, mmu_notifier_put, mmu_notifier_synchronize, type mmu_notifier_ops,
} from 'linux/mmu_notifier'
import { current } from 'linux/sched'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { KLAB, KLAB_PROBE_EXIT } from './klab'
import { mn_file_release, mn_probe } from './klab_mmn'

// The subscription is put inside release; its memory goes when no callback can be inside.
const ops: mmu_notifier_ops = {
  alloc_notifier(mm) {
    return kzalloc(mmu_notifier, GFP_KERNEL)!
  },
  free_notifier(n) {
    KLAB('free_notifier', 'called=1')
    kfree(n)
  },
  release(n, mm) {
    KLAB('release', 'users=%d', n.users)
    mmu_notifier_put(n)
    KLAB('release', 'put=1')
  },
}
function mn_ioctl(f: file, cmd: number, arg: number): number {
  const n = mmu_notifier_get(ops, current.mm!)
  KLAB('get', 'users=%d', n.users)
  mmu_notifier_get(ops, current.mm!)
  KLAB('get', 'users=%d', n.users)
  mmu_notifier_put(n)
  return 0
}
KLAB_PROBE_EXIT('mmu-put-in-release', () => mn_probe(mn_ioctl, mn_file_release), () => {
  mmu_notifier_synchronize()
  KLAB('exit', 'synchronized=1')
})
