import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { msleep } from '../../../src-sim/linux/delay'
import * as mn from '../../../src-sim/linux/mmu_notifier'
import { kcall, sim } from '../../sim/harness'
import { checked } from '../checked'
import { BASE, beside, notifier, PAGE, range, space } from './kit'

/** The tables of a virtual machine, as kvm_main.c keeps them in step. */
class Shadow {
  seq = 0
  inProgress = 0
  start = Infinity
  end = 0
  readonly entries = new Set<number>()

  readonly ops: mn.mmu_notifier_ops = {
    invalidate_range_start: (_, r) => {
      this.inProgress++
      this.start = Math.min(this.start, r.start)
      this.end = Math.max(this.end, r.end)
      for (const at of this.entries) if (at >= r.start && at < r.end) this.entries.delete(at)
      return 0
    },
    invalidate_range_end: () => {
      this.seq++
      if (--this.inProgress === 0) [this.start, this.end] = [Infinity, 0]
    },
  }

  retry(seq: number, at: number): boolean {
    const within = this.inProgress > 0 && at >= this.start && at < this.end
    return within || this.seq !== seq
  }

  /** A fault of the guest: true when the entry could be made. */
  *fault(at: number): Sim<boolean> {
    const { seq } = this
    yield* sim(msleep(10))
    if (this.retry(seq, at)) return false
    this.entries.add(at)
    return true
  }
}

test('MMUN-20 a fault that meets a change of its page tries again, one elsewhere does not', () => {
  const { log } = checked(function* (say) {
    const mm = space()
    const shadow = new Shadow()
    yield* kcall(mn.mmu_notifier_register, notifier(shadow.ops), mm)
    const r = range(mm)
    beside(function* () {
      say('during', yield* shadow.fault(BASE), yield* shadow.fault(BASE + 8 * PAGE))
    })
    yield* sim(msleep(5))
    yield* kcall(mn.mmu_notifier_invalidate_range_start, r)
    yield* sim(msleep(50))
    yield* kcall(mn.mmu_notifier_invalidate_range_end, r)
    say('after', yield* shadow.fault(BASE), shadow.entries.size)
    yield* kcall(mn.mmu_notifier_invalidate_range_start, r)
    say('zapped', shadow.entries.size)
    yield* kcall(mn.mmu_notifier_invalidate_range_end, r)
  })
  expect(log).toEqual(['during false true', 'after true 2', 'zapped 1'])
})
