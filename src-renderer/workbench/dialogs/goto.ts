import { formatTime, parseTime } from '../format'
import { useCursor, useFindings, useLab } from '../stores'

export interface PaletteEntry {
  id: string
  title: string
  detail: string
  key?: string | undefined
  run: () => unknown
}

/** What a query of the go-to box can mean: `#42` an object, `%100` a step, `:1.5ms` a moment. */
export function gotoEntries(query: string): PaletteEntry[] {
  const [cursor, lab, findings] = [useCursor(), useLab(), useFindings()]
  const rest = query.slice(1).trim()
  if (query.startsWith('#') && /^\d+$/.test(rest)) {
    const id = Number(rest)
    return [
      {
        id: 'object',
        title: `Object #${id}`,
        detail: 'select',
        run: () => cursor.selectObject(id),
      },
    ]
  }
  if (query.startsWith('%') && /^\d+$/.test(rest)) {
    const step = Number(rest)
    return [{ id: 'step', title: `Step ${step}`, detail: 'go', run: () => cursor.seekStep(step) }]
  }
  const time = query.startsWith(':') ? parseTime(rest) : null
  if (time !== null) {
    return [{ id: 'time', title: formatTime(time), detail: 'go', run: () => cursor.seekTime(time) }]
  }
  return [
    ...lab.paths.map((path) => ({
      id: `file:${path}`,
      title: path,
      detail: 'file',
      run: () => cursor.revealSource(path, 1, 1, true),
    })),
    ...findings.list.map((finding, index) => ({
      id: `finding:${index}`,
      title: finding.title,
      detail: 'finding',
      run: () => findings.go(index),
    })),
    ...seenObjects(findings.list.flatMap((finding) => finding.objects)).map((object) => ({
      id: `object:${object.id}`,
      title: `#${object.id} ${object.type} ${object.name}`,
      detail: 'object',
      run: () => cursor.selectObject(object.id),
    })),
  ]
}

function seenObjects<T extends { id: number }>(list: readonly T[]): T[] {
  return [...new Map(list.map((one) => [one.id, one])).values()]
}
