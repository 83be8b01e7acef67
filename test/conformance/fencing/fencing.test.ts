import { describe, expect, it, test } from 'vitest'
import { MEASURES, type Cells } from './measure'
import { MECHANISMS } from './mechanisms'
import { nameOf, pageLines, rowsOfPage, summary } from './page'

/** What each cell of the page claims, as the name of the example that shows it. */
const CLAIMS: Record<keyof Cells, string> = {
  pending: 'treats a start that is still to come as the page says',
  running: 'treats a callback that runs as the page says',
  atomic: 'with preemption off does what the page says',
  hardirq: 'in the handler of an interrupt does what the page says',
  self: 'from the callback itself does what the page says',
  locked: 'with a lock that the callback waits for does what the page says',
  again: 'leaves open what the page says',
}

const rows = rowsOfPage()

test('the page has a row for every mechanism, and no other', () => {
  expect(rows.map(nameOf)).toEqual(MECHANISMS.map(nameOf))
})

test('the first table says in short what the second one says', () => {
  const lines = pageLines()
  const begin = lines.findIndex((line) => line.startsWith('| mechanism | stops'))
  const table = lines.slice(begin + 2, lines.indexOf('', begin))
  expect(table).toEqual(summary(rows))
})

describe.each(MECHANISMS.map((m) => [nameOf(m), m] as const))('%s', (name, mechanism) => {
  const row = rows.find((r) => nameOf(r) === name)
  it.each(Object.entries(CLAIMS))('%s: %s', (cell) => {
    const measure = MEASURES[cell as keyof Cells]
    expect(measure(mechanism)).toBe(row?.[cell as keyof Cells])
  })
})
