import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PlainSearch } from './plain-search'
import { runner, takingTurns } from './programs'

/** All logs of a program, one per schedule, in the order of the search. */
function search(turns: number[], bound: number, share?: { index: number; of: number }): string[] {
  const logs: string[] = []
  const all = new PlainSearch(bound, share)
  let log = ''
  const run = runner(takingTurns(turns), (text) => (log = text))
  while (!all.complete) {
    run(all.strategy(), false)
    if (all.mine) logs.push(log)
    all.advance()
  }
  return logs
}

/**
 * The same by plain recursion over what each task has left. A task has one transition to get its
 * CPU, one up to each of its turns, and one to its end, which is why a log appears more than once.
 */
function enumerate(turns: number[], bound: number): string[] {
  const logs: string[] = []
  const visit = (left: number[], last: number, spent: number, log: string[]): void => {
    if (left.every((n) => n === 0)) return void logs.push(log.join(' '))
    left.forEach((n, i) => {
      if (n === 0) return
      const preempts = last >= 0 && left[last]! > 0 && i !== last
      if (preempts && spent >= bound) return
      const logs = n <= turns[i]! ? [`${i}`] : []
      const rest = left.map((m, k) => (k === i ? m - 1 : m))
      visit(rest, i, spent + (preempts ? 1 : 0), [...log, ...logs])
    })
  }
  visit(turns.map((n) => n + 2), -1, 0, [])
  return logs
}

const shapes = fc.record({
  turns: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 3 }),
  bound: fc.integer({ min: 0, max: 3 }),
})

describe('the plain search that the reduced one is compared with', () => {
  it('runs every schedule within the bound exactly once, as plain recursion does', () => {
    fc.assert(
      fc.property(shapes, ({ turns, bound }) => {
        expect(search(turns, bound).sort()).toEqual(enumerate(turns, bound).sort())
      }),
      { numRuns: 60 },
    )
  })

  it('without a bound in effect finds as many as the binomial says', () => {
    // Two tasks of 2 + 2 and 3 + 2 transitions: 9 over 4.
    expect(search([2, 3], Infinity)).toHaveLength(126)
  })

  it('starts with the calm schedule', () => {
    expect(search([2, 2], 2)[0]).toBe('0 0 1 1')
  })

  it('shared out, covers the same tree, no schedule twice', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 2, max: 5 }), ({ turns, bound }, of) => {
        const shares = Array.from({ length: of }, (_, index) => search(turns, bound, { index, of }))
        expect(shares.flat().sort()).toEqual(search(turns, bound).sort())
      }),
      { numRuns: 40 },
    )
  })
})
