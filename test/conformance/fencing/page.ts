import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Cells } from './measure'
import type { Mechanism } from './mechanism'

/** What resources/docs/fencing.md says, and what it has to say. */

const PAGE = resolve(import.meta.dirname, '../../../resources/docs/fencing.md')

const COLUMNS = ['pending', 'running', 'atomic', 'hardirq', 'self', 'locked', 'again'] as const

export const nameOf = ({ mechanism, fence }: Pick<Mechanism, 'mechanism' | 'fence'>): string =>
  `${mechanism}: ${fence}`

/** One row of the page's second table. */
export interface Row extends Cells {
  mechanism: string
  fence: string
}

const plain = (text: string): string => text.replaceAll('`', '')

export function pageLines(): string[] {
  return readFileSync(PAGE, 'utf8').split('\n')
}

/** The rows of the second table. */
export function rowsOfPage(): Row[] {
  const rows: Row[] = []
  for (const line of pageLines()) {
    const cells = line.split('|').slice(1, -1).map((cell) => plain(cell.trim()))
    if (cells.length !== COLUMNS.length + 2 || /^(-|mechanism)/.test(cells[0]!)) continue
    const [mechanism, fence, ...rest] = cells
    const values = Object.fromEntries(COLUMNS.map((column, i) => [column, rest[i]]))
    rows.push({ mechanism, fence, ...values } as Row)
  }
  return rows
}

/** In which column of the first table a call stands. */
function columnOf({ pending, running, again }: Row): number {
  const closed = again !== 'open'
  if (running !== 'waits') return pending === 'runs later' ? -1 : closed ? 0 : 1
  if (closed) return 4
  return pending === 'stays away' ? 3 : 2
}

/** The first table as it follows from the second one: for each mechanism what its calls are for. */
export function summary(rows: readonly Row[]): string[] {
  const byMechanism = new Map<string, string[][]>()
  for (const row of rows) {
    const columns = byMechanism.get(row.mechanism) ?? [[], [], [], [], []]
    byMechanism.set(row.mechanism, columns)
    columns[columnOf(row)]?.push(`\`${row.fence}\``)
  }
  return [...byMechanism].map(
    ([mechanism, columns]) => `| ${[mechanism, ...columns.map((c) => c.join(', '))].join(' | ')} |`,
  )
}
