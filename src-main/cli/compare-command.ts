import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  compareOrder,
  type CompareCell,
  type CompareCost,
  type CompareOptions,
  type CompareProgress,
  type CompareResult,
  type LabSource,
} from '../../src-sim/protocol'
import { UsageError } from './errors'
import { KernelLost, refuseProblems, withKernel, type Kernel } from './kernel'
import { builtinIds, readLab } from './lab-files'

export interface CompareFlags {
  model?: string
  disturbance?: string
  schedules?: number
  seed?: number
  jobs?: number
  save?: string
  json?: boolean
}

/** Labs of one driver in several models share this beginning of their ids. */
const FAMILY = 'compare-'

export async function compareCommand(names: string[], flags: CompareFlags): Promise<number> {
  const labs = labsFor(names, flags)
  const options: CompareOptions = {
    ...(flags.disturbance === undefined ? {} : { disturbances: flags.disturbance.split(',') }),
    ...(flags.schedules === undefined ? {} : { schedules: flags.schedules }),
    ...(flags.jobs === undefined ? {} : { jobs: flags.jobs }),
    seed: flags.seed ?? 0,
  }
  const run = async (kernel: Kernel): Promise<CompareResult> => {
    for (const lab of labs) refuseProblems(await kernel.check(lab))
    const cancel = (): void => void kernel.cancelCompare()
    process.once('SIGINT', cancel)
    try {
      return await kernel.compare(labs, options)
    } finally {
      process.off('SIGINT', cancel)
    }
  }
  try {
    const result = await withKernel(run, () => {}, showProgress)
    if (flags.save !== undefined) save(flags.save, result)
    if (flags.json) console.log(JSON.stringify(result))
    else print(result, flags.save)
    return result.cells.some((c) => c.verdict !== 'safe') ? 1 : 0
  } catch (error) {
    if (error instanceof KernelLost) throw error
    const { message } = error as Error
    if (/no disturbance|cannot be compared/.test(message)) throw new UsageError(message)
    throw error
  }
}

/** The labs named, or the built-in ones of the models named, or all of these. */
function labsFor(names: string[], { model }: CompareFlags): LabSource[] {
  const known = builtinIds().filter((id) => id.startsWith(FAMILY)).sort(compareOrder)
  if (names.length > 0) return names.map(readLab)
  if (model === undefined) return known.map(readLab)
  const models = known.map((id) => id.slice(FAMILY.length))
  return model.split(',').map((m) => {
    if (!models.includes(m))
      throw new UsageError(`There is no model '${m}': choose from ${models.join(', ')}.`)
    return readLab(FAMILY + m)
  })
}

function showProgress({ done, total, cell }: CompareProgress): void {
  if (cell === null) return
  const line = `${done}/${total} ${cell.lab}, ${cell.disturbance}: ${words(cell)}`
  process.stderr.write(process.stderr.isTTY ? `\r${line.padEnd(79).slice(0, 79)}` : `${line}\n`)
}

const words = ({ verdict, finding }: CompareCell): string =>
  verdict === 'finding' ? (finding?.kind ?? 'finding') : verdict

function print(result: CompareResult, saved: string | undefined): void {
  const { labs, disturbances, cells, costs, complete } = result
  if (process.stderr.isTTY) process.stderr.write('\r'.padEnd(80) + '\r')
  const models = labs.map(({ id }) => id.replace(FAMILY, ''))
  const cellOf = (lab: string, disturbance: string): string => {
    const cell = cells.find((c) => c.lab === lab && c.disturbance === disturbance)
    return cell ? words(cell) : '-'
  }
  table([
    ['', ...models],
    ...disturbances.map(({ id }) => [id, ...labs.map((lab) => cellOf(lab.id, id))]),
  ])
  console.log('\nWithout a disturbance (virtual time; what the fast call does to be allowed in):\n')
  const row = (title: string, of: (cost: CompareCost) => string): string[] => [
    title,
    ...labs.map((lab) => of(costs.find((c) => c.lab === lab.id)!)),
  ]
  table([
    ['', ...models],
    row('fast call', (c) => `${c.callNs} ns`),
    row('locks taken', (c) => String(c.locks)),
    row('reader sections', (c) => String(c.readers)),
    row('references taken', (c) => String(c.references)),
    row('unbind', (c) => `${(c.unbindNs / 1000).toFixed(1)} us`),
  ])
  for (const cell of cells) if (cell.verdict !== 'safe') printCell(cell, saved)
  if (!complete) console.log('\nCancelled: cells are missing.')
}

/** What went wrong in a cell, and how to see it again. */
function printCell(cell: CompareCell, saved: string | undefined): void {
  const { lab, disturbance, text, finding, run } = cell
  console.log(`\n${lab}, ${disturbance}: ${text}`)
  if (finding) console.log(`    at ${finding.file ?? '(kernel)'}:${finding.line}`)
  const fail = run.fail ? ` --fail ${run.fail}` : ''
  if (run.strategy === 'fair')
    console.log(`    again: klab run ${lab} --param disturbance=${disturbance}${fail}`)
  else if (saved !== undefined)
    console.log(`    again: klab run ${lab} --choices ${join(saved, fileOf(cell))}`)
  else console.log('    again: write the schedule with --save DIR')
}

const fileOf = ({ lab, disturbance }: CompareCell): string => `${lab}.${disturbance}.json`

function save(dir: string, { cells }: CompareResult): void {
  mkdirSync(dir, { recursive: true })
  for (const cell of cells)
    if (cell.verdict !== 'safe') writeFileSync(join(dir, fileOf(cell)), JSON.stringify(cell.run))
}

function table(rows: string[][]): void {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((r) => r[i]!.length)))
  for (const row of rows) console.log(row.map((text, i) => text.padEnd(widths[i]!)).join('  ').trimEnd())
}
