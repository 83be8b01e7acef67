import type { Sim } from '../../../src-sim/engine/suspend'
import { IS_ERR } from '../../../src-sim/linux/err'
import { kthread_run } from '../../../src-sim/linux/kthread'
import * as mn from '../../../src-sim/linux/mmu_notifier'
import { newMm, type mm_struct } from '../../../src-sim/kernel/mm/mm-struct'
import type { Say } from '../checked'
import { sim } from '../../sim/harness'

export const BASE = 0x1000_0000
export const PAGE = 0x1000

/** Test code writes callbacks as generators; kernel code runs them as it runs compiled ones. */
export const callback = <F>(f: (...args: never[]) => unknown): F => f as unknown as F

export const space = (): mm_struct => newMm()

/** Functions that say that they were called. */
export const speaking = (say: Say, name = ''): mn.mmu_notifier_ops => ({
  release: (_, mm) => say(`${name}release`, mm.mm_users.counter ?? ''),
  invalidate_range_start: (_, range) => {
    say(`${name}start`, range.event)
    return 0
  },
  invalidate_range_end: (_, range) => say(`${name}end`, range.event),
})

export const notifier = (ops: mn.mmu_notifier_ops): mn.mmu_notifier => new mn.mmu_notifier({ ops })

/** A change of some pages, as the memory management announces it. */
export function range(
  mm: mm_struct, pages = 1, at = BASE, event: number = mn.MMU_NOTIFY_UNMAP,
): mn.mmu_notifier_range {
  const r = new mn.mmu_notifier_range()
  mn.mmu_notifier_range_init(r, event as never, 0, mm, at, at + pages * PAGE)
  return r
}

/** Announces a change and its end. */
export function* change(r: mn.mmu_notifier_range): Sim {
  yield* sim(mn.mmu_notifier_invalidate_range_start(r))
  yield* sim(mn.mmu_notifier_invalidate_range_end(r))
}

/** Runs in a thread of its own. */
export function beside(body: () => Sim<unknown>, name = 'beside'): void {
  const task = kthread_run(callback<() => number>(body), null, name)
  if (IS_ERR(task)) throw new Error('no thread')
}
