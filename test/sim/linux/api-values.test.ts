import { expect, test } from 'vitest'
import { apiValues, headers } from '../../../src-sim/linux'

test('every value of every header is among those that are hardened', () => {
  const values = new Set(apiValues())
  const missed: string[] = []
  for (const [header, module] of headers)
    for (const [name, value] of Object.entries(module))
      if (!values.has(value)) missed.push(`${name} of ${header}`)
  expect(missed).toEqual([])
})

test('most names are looked up once only', () => {
  let names = 0
  for (const module of headers.values()) names += Object.keys(module).length
  expect([...apiValues()].length).toBeLessThan(names / 4)
})
