import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import type { mm_struct } from '../mm/mm-struct'
import { ADDRESS_MAX, mmu_notifier_range, NOTIFY } from '../mm/notify'
import { warn } from '../printk/warn'
import { beginTree, endTree, finishAll, invalidateOne } from './invalidate'
import { mmuNotifiers, type Subscriptions } from './subscriptions'
import type { mmu_interval_notifier_finish } from './structs'
import { awaitCallbacks, callBack, eachListed } from './walk'

const RELEASE = '__mmu_notifier_release'

/** The address space ends: everybody lets go of its pages before the first one is freed. */
export function* releaseAll(all: Subscriptions, mm: mm_struct): Sim {
  if (all.hasTree) yield* releaseTree(all, mm)
  if (all.list.length > 0) yield* releaseList(all, mm)
}

/** Ranges stay in the tree: only their removal takes them out. */
function* releaseTree(all: Subscriptions, mm: mm_struct): Sim {
  const range = new mmu_notifier_range(mm, NOTIFY.RELEASE, 0, ADDRESS_MAX)
  const later: mmu_interval_notifier_finish[] = []
  const begun = beginTree(all, range)
  for (let interval = begun.first; interval; interval = all.find(range, interval))
    if (!(yield* invalidateOne(interval, range, begun.seq, later, RELEASE)))
      warn(machine(), 'mmu-notifier-refused', `mm/mmu_notifier.c at ${RELEASE}`, null, {
        once: false,
        rules: ['MMUN-17'],
      })
  yield* finishAll(later, RELEASE)
  endTree(all)
}

function* releaseList(all: Subscriptions, mm: mm_struct): Sim {
  const notifiers = mmuNotifiers(machine())
  yield* eachListed(all, function* (subscription) {
    const { release } = subscription.ops!
    if (release)
      yield* callBack(subscription, 'release', RELEASE, () => release(subscription, mm))
  })
  for (const subscription of all.list) {
    all.unlink(subscription)
    notifiers.on.unlinked.emit(subscription)
  }
  yield* awaitCallbacks()
}
