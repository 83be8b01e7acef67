import type { Machine } from '../engine/machine'
import { mmuNotifiers } from '../kernel/mmu-notifier/subscriptions'
import { report } from '../kernel/report'

const hex = (address: number): string => `0x${address.toString(16)}`

/**
 * A change that could not wait was given up after its ranges had been opened: Linux closes the list
 * but not the ranges, so that whoever reads or removes one of them waits for ever (MMUN-06).
 */
export function attachMmuNotifier(machine: Machine): void {
  mmuNotifiers.whenUsed(machine, (notifiers) => {
    notifiers.on.leftOpen.add((range) =>
      report(machine, {
        kind: 'mmu-notifier.left-open',
        title: 'klab: interval notifiers are left in an invalidation that nobody ends, in %f',
        details: [
          `A list notifier refused [${hex(range.start)}, ${hex(range.end)}) after interval notifiers`,
          'of the same address space had been told: their sequence stays odd.',
        ],
        objects: [range.mm],
        rules: ['MMUN-06'],
        help: 'mmu-notifiers',
      }),
    )
  })
}
