import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const PAGE = resolve(import.meta.dirname, '../../../resources/docs/compare.md')

/** The models, in the order of the page's columns. */
export const MODELS = ['refcount', 'devm', 'fencing', 'revocable', 'disassociate', 'drm'] as const

/** The rows of the page's tables that have a cell for each model: first cell -> the others. */
export function rowsOfPage(): Map<string, string[]> {
  const rows = new Map<string, string[]>()
  for (const line of readFileSync(PAGE, 'utf8').split('\n')) {
    const cells = line.split('|').slice(1, -1).map((cell) => cell.trim().replaceAll('`', ''))
    if (cells.length === MODELS.length + 1) rows.set(cells[0]!, cells.slice(1))
  }
  return rows
}
