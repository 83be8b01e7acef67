import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import * as a from '../../../src-sim/linux/atomic'
import { run } from '../harness'

test('the bits of an atomic64_t above the 32nd survive and, or and xor', () => {
  const seen: number[] = []
  run(function* (): Sim {
    const v = a.ATOMIC64_INIT(2 ** 40 + 5)
    a.atomic64_or(2 ** 41, v)
    seen.push(a.atomic64_fetch_and(2 ** 40 + 4, v))
    a.atomic64_xor(4, v)
    seen.push(a.atomic64_read(v))
  })
  expect(seen).toEqual([3 * 2 ** 40 + 5, 2 ** 40])
})
