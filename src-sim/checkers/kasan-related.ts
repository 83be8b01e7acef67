import type { RawStack } from '../engine/finding'
import type { Machine } from '../engine/machine'
import { hidden, outermost } from '../engine/object'
import { irqWorks } from '../kernel/irq/irq-work'
import type { Allocation } from '../kernel/mm/slab'
import { rcu } from '../kernel/rcu/tree'
import { takeStack, traceLines } from '../kernel/report'
import { workqueues } from '../kernel/workqueue/workqueues'

/** Who last queued something inside an allocation: works, RCU callbacks, irq works. Newest first. */
const related = new WeakMap<Allocation, RawStack[]>()
const KEPT = 2
const TITLES = [
  'Last potentially related work creation:',
  'Second to last potentially related work creation:',
]

export function attachRelatedStacks(machine: Machine): void {
  const note = (object: object): void => {
    const record = hidden(outermost(object)).$alloc as Allocation | undefined
    if (record === undefined) return
    const stacks = related.get(record) ?? []
    related.set(record, [takeStack(machine), ...stacks].slice(0, KEPT))
  }
  workqueues.whenUsed(machine, ({ on }) => on.activate.add((work) => note(work)))
  rcu.whenUsed(machine, ({ on }) => on.queue.add((head) => note(head)))
  irqWorks.whenUsed(machine, ({ on }) => on.queue.add((work) => note(work)))
}

export function relatedLines(machine: Machine, record: Allocation): string[] {
  return (related.get(record) ?? []).flatMap((stack, i) => [
    '',
    TITLES[i]!,
    ...traceLines(machine, stack),
  ])
}
