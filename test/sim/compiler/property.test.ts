import fc from 'fast-check'
import { expect, test } from 'vitest'
import { expectSame, natively } from './differential'
import { program } from './programs'

test('a random program means the same in resumable form', () => {
  fc.assert(fc.property(program, (body) => void expectSame(body)), { numRuns: 200, seed: 7 })
})

test('random programs mostly end without an error, and do something', () => {
  const outcomes = fc.sample(program, { numRuns: 100, seed: 7 }).map((body) => natively(body))
  expect(outcomes.filter((o) => o.error === 'SyntaxError')).toEqual([])
  expect(outcomes.filter((o) => o.error === undefined && o.log.length > 0).length).toBeGreaterThan(40)
})
