import {
  failEachCall,
  type Failure,
  type FailureWalk,
  type Finding,
  type RunOptions,
} from '../../src-sim/protocol'
import { findingDocument } from './finding-document'
import { KernelLost, refuseProblems, withKernel } from './kernel'
import { readLab } from './lab-files'

/** `klab run LAB --fail sweep`: the lab runs once for each of its calls that can fail. */
export async function failSweep(name: string, options: RunOptions, json: boolean): Promise<number> {
  const lab = readLab(name)
  try {
    const walk = await withKernel(async (kernel) => {
      refuseProblems(await kernel.check(lab))
      return failEachCall((fail) => kernel.failCall(lab, { ...options, fail }))
    })
    if (json) console.log(JSON.stringify(documentOf(lab.id, options, walk)))
    else print(walk)
    return walk.baseline.length > 0 || bad(walk) > 0 ? 1 : 0
  } catch (error) {
    if (!(error instanceof KernelLost)) throw error
    console.error(`klab: ${error.message}`)
    return 1
  }
}

const bad = (walk: FailureWalk): number => walk.failures.filter((f) => f.findings.length > 0).length

function documentOf(lab: string, { seed, strategy }: RunOptions, walk: FailureWalk) {
  return {
    lab,
    seed,
    strategy,
    complete: walk.complete,
    baseline: walk.baseline.map(findingDocument),
    failures: walk.failures.map((f) => ({ ...f, findings: f.findings.map(findingDocument) })),
  }
}

const place = (file: string | null, line: number): string => (file ? `${file}:${line}` : '(kernel)')

function print(walk: FailureWalk): void {
  const count = walk.failures.length
  for (const finding of walk.baseline) console.log(`Without any failure: ${sentence(finding)}`)
  if (count === 0) return console.log('No call of this lab can fail.')
  const rows = [['call', 'refused', 'where', 'what became of the run'], ...walk.failures.map(row)]
  const widths = [0, 1, 2].map((i) => Math.max(...rows.map((cells) => cells[i]!.length)))
  for (const cells of rows)
    console.log(cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  '))
  const all = walk.complete ? plural(count, 'call can', 'calls can') : `The first ${count} calls can`
  console.log(`\n${all} fail; ${plural(bad(walk), 'failure leads', 'failures lead')} to findings.`)
}

const plural = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`

function row(failure: Failure): string[] {
  const { nth, call, file, line, findings, resultText } = failure
  const became = findings.length > 0 ? findings.map(sentence).join('; ') : resultText
  return [String(nth), call, place(file, line), became]
}

const sentence = (f: Finding): string => `${f.kind}: ${f.title} at ${place(f.file, f.line)}`
