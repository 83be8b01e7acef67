import type { RawStack } from '../engine/finding'
import type { Machine } from '../engine/machine'
import { hmmHooks } from '../kernel/hmm/hooks'
import { HMM_PFN, pfnOf } from '../kernel/hmm/pfn'
import { entryIndex, type hmm_range } from '../kernel/hmm/range'
import { mmuNotifiers } from '../kernel/mmu-notifier/subscriptions'
import type { AnyNotifier, mmu_interval_notifier } from '../kernel/mmu-notifier/structs'
import { report, takeStack } from '../kernel/report'
import { PAGE_SIZE } from '../base/units'

/** Where a frame was looked up, and what has become of the answer. */
interface Snapshot {
  notifier: mmu_interval_notifier
  seq: number
  filled: RawStack
  /** Where its subscriber was told that the frame changes; it is still there. */
  told: RawStack | null
  /** The same, once the change is done. */
  changed: RawStack | null
}

/**
 * Follows the answers of `hmm_range_fault`: a frame number that its subscriber was told to forget
 * must not be made into a page or an address any more. The sequence check under the common lock
 * finds that out; who leaves it out works with a page that may be somebody else's by now.
 */
class Mirrors {
  readonly #byFrame = new Map<number, Snapshot>()
  readonly #machine: Machine

  constructor(machine: Machine) {
    this.#machine = machine
  }

  filled(range: hmm_range): void {
    const notifier = range.notifier!
    const stack = takeStack(this.#machine)
    for (let at = range.start; at < range.end; at += PAGE_SIZE) {
      const entry = range.hmm_pfns[entryIndex(range, at)]!
      if (!(entry & HMM_PFN.VALID)) continue
      const known = {
        notifier, seq: range.notifier_seq, filled: stack, told: null, changed: null,
      }
      this.#byFrame.set(pfnOf(entry), known)
    }
  }

  /** The subscriber notes a change: all it has learned before is void. */
  told(notifier: AnyNotifier): void {
    let stack: RawStack | null = null
    for (const snapshot of this.#byFrame.values())
      if (snapshot.notifier === notifier)
        snapshot.told ??= stack ??= takeStack(this.#machine)
  }

  /** A change of the address space is done: the frames it was about may be somebody else's. */
  ended(mm: object): void {
    for (const snapshot of this.#byFrame.values())
      if (snapshot.notifier.mm === mm) snapshot.changed = snapshot.told
  }

  used(entry: number, how: string): void {
    const snapshot = this.#byFrame.get(pfnOf(entry))
    if (!snapshot || snapshot.changed === null) return
    report(this.#machine, {
      kind: 'hmm.stale-page',
      title: `klab: page of an invalidated range used in %f`,
      details: [
        `${how}() of frame 0x${pfnOf(entry).toString(16)}, looked up at sequence ${snapshot.seq};`,
        `the subscription has been told of a change since (now ${snapshot.notifier.invalidate_seq}).`,
      ],
      stacks: [
        { role: 'looked up', stack: snapshot.filled },
        { role: 'invalidated', stack: snapshot.changed },
      ],
      objects: [snapshot.notifier],
      rules: ['MMUN-18', 'HMM-01'],
      help: 'mmu-notifiers',
    })
  }
}

export function attachHmm(machine: Machine): void {
  hmmHooks.whenUsed(machine, (hooks) => {
    const mirrors = new Mirrors(machine)
    hooks.filled.add((range) => mirrors.filled(range))
    hooks.used.add((entry, how) => mirrors.used(entry, how))
    const { on } = mmuNotifiers(machine)
    on.setSeq.add((notifier) => mirrors.told(notifier))
    on.end.add((range) => mirrors.ended(range.mm))
  })
}
