import {
  DISTURBANCE,
  type CompareCell,
  type CompareColumn,
  type CompareOptions,
  type CompareProgress,
  type CompareResult,
  type LabParam,
} from '../../protocol'
import type { Sandbox } from '../../sandbox'
import type { LabProgram } from '../program'
import { Cell } from './cell'
import { measureCost } from './cost'

const SCHEDULES = 40
/** How long schedules run in a row before messages are let in. */
const SLICE_MS = 30

export interface CompareControl {
  /** Milliseconds. */
  now(): number
  cancelled(): boolean
  /** Lets messages in. */
  pause(): Promise<void>
  progress(progress: CompareProgress): void
}

/**
 * Runs every lab under every disturbance. A disturbance is a value of the parameter of that name
 * which the labs declare; its usual value stands for "none" and is what costs are measured with.
 */
export async function compareLabs(
  programs: readonly LabProgram[],
  sandbox: Sandbox,
  options: CompareOptions,
  control: CompareControl,
): Promise<CompareResult> {
  const disturbances = chosen(programs, options)
  const { index, of } = options.shard ?? { index: 0, of: 1 }
  const all = programs.flatMap((program) => disturbances.map(({ id }) => ({ program, id })))
  const mine = all.filter((_, i) => i % of === index)
  const cells: CompareCell[] = []
  const costs = index === 0 ? programs.map((program) => measureCost(program, sandbox)) : []
  control.progress({ done: 0, total: all.length, cell: null })
  for (const { program, id } of mine) {
    const cell = new Cell(program, sandbox, id, options.seed ?? 0)
    if (!(await runCell(cell, options.schedules ?? SCHEDULES, control))) break
    const result = cell.result()
    cells.push(result)
    control.progress({ done: cells.length, total: all.length, cell: result })
  }
  return {
    labs: programs.map(({ lab, plan }) => ({ id: lab.id, title: plan.manifest.title })),
    disturbances,
    cells,
    costs,
    complete: cells.length === mine.length,
  }
}

/** False when it was cancelled: the cell is then not decided. */
async function runCell(cell: Cell, schedules: number, control: CompareControl): Promise<boolean> {
  let nextPause = control.now() + SLICE_MS
  for (const attempt of cell.attempts(schedules)) {
    if (control.cancelled()) return false
    cell.try(attempt)
    if (control.now() < nextPause) continue
    await control.pause()
    nextPause = control.now() + SLICE_MS
  }
  return !control.cancelled()
}

/** The disturbances that were asked for, or all that any of the labs knows, each once. */
function chosen(programs: readonly LabProgram[], options: CompareOptions): CompareColumn[] {
  const known = new Map<string, string>()
  for (const program of programs) {
    const { values, default: none } = disturbanceOf(program)
    for (const [id, title] of Object.entries(values)) if (id !== none) known.set(id, title)
  }
  const ids = options.disturbances ?? [...known.keys()]
  for (const id of ids)
    if (!known.has(id))
      throw new Error(`There is no disturbance '${id}': choose from ${[...known.keys()].join(', ')}.`)
  return ids.map((id) => ({ id, title: known.get(id)! }))
}

function disturbanceOf(program: LabProgram): LabParam {
  const param = program.plan.manifest.params?.[DISTURBANCE]
  if (param) return param
  throw new Error(
    `${program.lab.id} cannot be compared: its lab.json declares no parameter '${DISTURBANCE}'.`,
  )
}
