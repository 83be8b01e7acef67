import { columnOf, lineOf, type Position } from '../../engine/position'
import type { Machine } from '../../engine/machine'

/**
 * The names of functions as the kernel prints them: `name+0xoffset/0xsize [module]`. Offsets and
 * sizes stand for source lines: 16 bytes a line.
 */
export function symbolOf(machine: Machine, f: unknown, withOffset: boolean): string {
  if (typeof f !== 'function') return f === null || f === undefined ? '0x0' : String(f)
  const pos = machine.runtime.textOf(f)
  const file = pos === undefined ? undefined : machine.runtime.file(pos)
  const name = (f as { $name?: string }).$name ?? nameOf(machine, f, pos)
  const offset = withOffset ? '+0x0/0x10' : ''
  return `${name}${offset}${file && file.kind === 'driver' ? ` [${file.module}]` : ''}`
}

/** Functions without a name are called after what they are written in. */
function nameOf(machine: Machine, f: { name: string }, pos: Position | undefined): string {
  if (f.name !== '' && !f.name.startsWith('$')) return f.name
  return (pos === undefined ? null : functionAt(machine, pos)?.name) ?? 'anonymous'
}

/** The function around a source position, and its module. */
export function functionAt(
  machine: Machine,
  pos: Position,
): { name: string; offset: number; size: number; module: string | null; file: string } | null {
  const file = machine.runtime.file(pos)
  if (!file) return null
  const line = lineOf(pos)
  const column = columnOf(pos)
  let best: { name: string; startLine: number; endLine: number } | null = null
  for (const f of file.functions) {
    if (f.startLine > line || (f.startLine === line && f.startColumn > column)) continue
    if (f.endLine < line || (f.endLine === line && f.endColumn <= column)) continue
    best = f
  }
  const module = file.kind === 'driver' ? file.module : null
  if (!best) return { name: '<module>', offset: 0, size: 0, module, file: file.path }
  const offset = (line - best.startLine) * 16
  const size = (best.endLine - best.startLine + 1) * 16
  return { name: best.name, offset, size, module, file: file.path }
}
