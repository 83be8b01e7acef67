import type { Machine } from '../engine/machine'
import { refcount_t } from '../kernel/locking/refcount'
import { visitMembers } from '../kernel/mm/embed'
import { slab, type Allocation } from '../kernel/mm/slab'
import { report, resolveStack, traceLines } from '../kernel/report'

/**
 * What is left when a module is gone: memory that its code allocated and nobody freed. Called by
 * the lab when the scenario has ended; `loaded` tells which modules are still there (their memory
 * may be in use, so it is not judged).
 */
export function reportLeaks(machine: Machine, loaded: (module: string) => boolean): void {
  for (const record of [...slab(machine).live]) {
    const owner = ownerModule(machine, record)
    if (owner === null || loaded(owner)) continue
    report(machine, {
      kind: 'leak.memory',
      title: `unreferenced object ${record.cache} (size ${record.bytes}):`,
      details: [
        `  comm "${record.allocated.context}", pid ${record.allocated.pid}, module ${owner} is gone`,
        '  backtrace:',
        ...traceLines(machine, record.allocated).map((line) => `  ${line}`),
        ...references(machine, record.object),
      ],
      stacks: [{ role: 'allocated', stack: record.allocated }],
      objects: [record.object],
      at: record.allocated,
      help: 'leaks',
    })
  }
}

/** Who still has references, where the object counts them. */
function references(machine: Machine, object: object): string[] {
  const lines: string[] = []
  visitMembers(object, (member) => {
    if (!(member instanceof refcount_t) || !member.$ledger?.owners.length) return
    lines.push(`  references: ${member.$ledger.describe(machine)}`)
  })
  return lines
}

/** The module whose code made the allocation: that of the innermost driver frame. */
function ownerModule(machine: Machine, record: Allocation): string | null {
  const stack = resolveStack(machine, 'allocated', record.allocated)
  return stack.frames.find((f) => f.module !== null)?.module ?? null
}
