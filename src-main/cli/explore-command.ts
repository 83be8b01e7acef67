import type { ExploreOptions, ExploreProgress, ExploreResult } from '../../src-sim/protocol'
import { UsageError } from './errors'
import { findingDocument } from './finding-document'
import { KernelLost, refuseProblems, withKernel, type Kernel } from './kernel'
import { readLab } from './lab-files'
import { strategyNamed } from './run-command'
import { paramsOf } from './schedule-file'

export interface ExploreFlags {
  strategy?: string
  schedules?: number
  seconds?: number
  preemptions?: number
  seed?: number
  jobs?: number
  shard?: string
  json?: boolean
  param?: string[]
}

export async function exploreCommand(name: string, flags: ExploreFlags): Promise<number> {
  const lab = readLab(name)
  const options: ExploreOptions = {
    strategy: strategyNamed(flags.strategy ?? 'random'),
    schedules: flags.schedules ?? (flags.seconds === undefined ? 1000 : 1_000_000_000),
    seed: flags.seed ?? 0,
    ...(flags.seconds === undefined ? {} : { seconds: flags.seconds }),
    ...(flags.preemptions === undefined ? {} : { preemptions: flags.preemptions }),
    ...(flags.jobs === undefined ? {} : { jobs: flags.jobs }),
    ...(flags.param === undefined ? {} : { params: paramsOf(flags.param) }),
    ...(flags.shard === undefined ? {} : { shard: shardOf(flags.shard) }),
  }
  const bar = new ProgressBar()
  try {
    const result = await withKernel(async (kernel) => {
      refuseProblems(await kernel.check(lab))
      const release = cancelOnInterrupt(kernel)
      try {
        return await kernel.explore(lab, options)
      } finally {
        release()
      }
    }, (p) => bar.show(p))
    bar.done()
    if (flags.json) console.log(JSON.stringify(documentOf(result)))
    else print(result)
    return result.findings.length > 0 ? 1 : 0
  } catch (error) {
    bar.done()
    if (!(error instanceof KernelLost)) throw error
    console.error(`klab: ${error.message}`)
    return 1
  }
}

/** The first Ctrl-C ends the search and keeps what was found; the second ends the program. */
function cancelOnInterrupt(kernel: Kernel): () => void {
  const cancel = (): void => void kernel.cancelExplore()
  process.once('SIGINT', cancel)
  return () => process.off('SIGINT', cancel)
}

function shardOf(text: string): { index: number; of: number } {
  const m = /^(\d+)\/(\d+)$/.exec(text)
  if (!m || Number(m[1]) >= Number(m[2]))
    throw new UsageError(`'${text}' is not a shard: write I/N with I from 0 to N-1, for example 0/4.`)
  return { index: Number(m[1]), of: Number(m[2]) }
}

function documentOf(result: ExploreResult) {
  const { lab, seed, strategy, schedules, distinct, complete, coverage, findings, first } = result
  return {
    lab,
    seed,
    strategy,
    schedules,
    distinct,
    complete,
    coverage,
    findings: findings.map(({ finding, schedule, count }) => ({
      ...findingDocument(finding),
      schedule,
      count,
    })),
    first,
  }
}

function print(result: ExploreResult): void {
  const { schedules, distinct, findings, complete, first } = result
  console.log(`${schedules} schedules, ${distinct} different, ${findings.length} distinct findings`)
  if (complete) console.log('No schedule within these bounds is left.')
  for (const { finding, schedule, count } of findings) {
    console.log(`\n${finding.kind}: ${finding.title}`)
    console.log(`    at ${finding.file ?? '(kernel)'}:${finding.line}, first in schedule ${schedule}, ${count} times`)
  }
  if (!first) return
  const turns = first.choices.map((c, i) => ({ ...c, i })).filter((c) => c.index !== 0)
  console.log(`\nShortest schedule found (${turns.length} switches in ${first.choices.length} choices):`)
  for (const c of turns) console.log(`    choice ${c.i}: ${c.key || `alternative ${c.index} of ${c.of}`}`)
}

/** One line on stderr, at most ten times a second on a terminal and every two seconds elsewhere. */
class ProgressBar {
  #shown = 0
  #width = 0

  show(p: ExploreProgress): void {
    const tty = process.stderr.isTTY === true
    const now = Date.now()
    if (now - this.#shown < (tty ? 100 : 2000)) return
    this.#shown = now
    const left = p.secondsLeft === null ? '' : `, ${Math.ceil(p.secondsLeft)} s left`
    const text = `${p.schedules}/${p.total} schedules, ${Math.round(p.schedulesPerSecond)}/s, ${p.findings} findings${left}`
    const done = Math.min(20, Math.floor((20 * p.schedules) / Math.max(1, p.total)))
    const line = tty ? `\r[${'#'.repeat(done)}${'.'.repeat(20 - done)}] ${text}` : `${text}\n`
    process.stderr.write(tty ? line.padEnd(this.#width) : line)
    this.#width = line.length
  }

  done(): void {
    if (process.stderr.isTTY && this.#width > 0) process.stderr.write(`\r${' '.repeat(this.#width)}\r`)
  }
}
