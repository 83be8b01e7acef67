import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'

const oopses = service(() => ({ count: 0 }))

/** The line under an oops: what the processor met, its error code, and how often that happened. */
export function oopsLine(m: Machine, what: 'Oops' | 'invalid opcode', code = 0): string {
  const n = ++oopses(m).count
  return `Oops: ${what}: ${code.toString(16).padStart(4, '0')} [#${n}] SMP KASAN`
}
