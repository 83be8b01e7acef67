import { now } from '../../engine/current'
import { TaskDeath } from '../../engine/exec'
import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import { taintUnreliable } from '../locking/taint'
import { report, takeStack } from '../report'

const oopses = service(() => ({ count: 0 }))

/** The line under an oops: what the processor met, its error code, and how often that happened. */
export function oopsLine(m: Machine, what: 'Oops' | 'invalid opcode', code = 0): string {
  const n = ++oopses(m).count
  return `Oops: ${what}: ${code.toString(16).padStart(4, '0')} [#${n}] SMP KASAN`
}

/** `BUG()`: says where, and ends the task. `inside` is the kernel function, '' for lab code. */
export function kernelBug(m: Machine, place: string, inside: string, rules: string[] = []): never {
  report(m, {
    kind: 'oops.bug',
    before: ['------------[ cut here ]------------'],
    title: `kernel BUG at ${place}!`,
    details: [oopsLine(m, 'invalid opcode')],
    at: takeStack(m, now.exec, inside),
    rules,
    level: 1,
  })
  taintUnreliable(m)
  throw new TaskDeath('BUG')
}
