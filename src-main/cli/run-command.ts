import { writeFileSync } from 'node:fs'
import { STRATEGIES, type ExportFormat, type RunOptions, type RunResult } from '../../src-sim/protocol'
import { UsageError } from './errors'
import { failSweep } from './fail-sweep'
import { findingDocument } from './finding-document'
import { KernelLost, refuseProblems, withKernel } from './kernel'
import { readLab } from './lab-files'
import { paramsOf, readSchedule } from './schedule-file'

export interface RunFlags {
  seed?: number
  strategy?: string
  until?: string
  fail?: string
  kcsan?: boolean
  json?: boolean
  trace?: string
  choices?: string
  param?: string[]
}

export async function runCommand(name: string, flags: RunFlags): Promise<number> {
  const options: RunOptions = {
    seed: flags.seed ?? 0,
    strategy: strategyNamed(flags.strategy ?? 'fair'),
    kcsan: flags.kcsan ?? false,
    ...(flags.choices === undefined ? {} : readSchedule(flags.choices)),
    ...(flags.param === undefined ? {} : { params: paramsOf(flags.param) }),
  }
  if (flags.fail === 'sweep') {
    refuseOfSweep(flags)
    return failSweep(name, options, flags.json ?? false)
  }
  if (flags.fail !== undefined) options.fail = callNumber(flags.fail)
  const lab = readLab(name)
  try {
    return await withKernel(async (kernel) => {
      const { problems } = await kernel.open(lab, options)
      refuseProblems(problems)
      await kernel.run(flags.until === undefined ? undefined : timeNs(flags.until))
      const result = await kernel.result()
      if (flags.trace) {
        const { bytes } = await kernel.exportTrace('klab' as ExportFormat)
        writeFileSync(flags.trace, bytes)
      }
      if (flags.json) console.log(JSON.stringify(documentOf(result)))
      else printResult(result)
      return result.findings.length > 0 ? 1 : 0
    })
  } catch (error) {
    if (!(error instanceof KernelLost)) throw error
    if (flags.json) console.log(JSON.stringify({ lab: lab.id, result: 'crashed', resultText: error.message, findings: [] }))
    console.error(`klab: ${error.message}`)
    return 1
  }
}

function refuseOfSweep(flags: RunFlags): void {
  for (const flag of ['until', 'trace'] as const)
    if (flags[flag] !== undefined)
      throw new UsageError(`--${flag} is for one run; --fail sweep makes many. Leave one of them out.`)
}

function callNumber(text: string): number {
  if (!/^\d+$/.test(text))
    throw new UsageError(`'${text}' is no call: write --fail 1 for the first, or --fail sweep for each.`)
  return Number(text)
}

/** The document of the command line's contract. */
export function documentOf(result: RunResult) {
  return {
    lab: result.lab,
    seed: result.seed,
    strategy: result.strategy,
    steps: result.steps,
    virtualNs: result.virtualNs,
    traceHash: result.traceHash,
    dmesg: result.dmesg,
    findings: result.findings.map(findingDocument),
    result: result.result,
    resultText: result.resultText,
  }
}

function printResult(result: RunResult): void {
  for (const line of result.dmesg) console.log(line)
  if (result.findings.length > 0) console.log('')
  for (const f of result.findings)
    console.log(`${f.kind}: ${f.title}\n    at ${f.file ?? '(kernel)'}:${f.line}, step ${f.step}`)
  console.log(`\n${result.resultText} ${result.steps} steps, trace ${result.traceHash}`)
}

export function strategyNamed(name: string): (typeof STRATEGIES)[number] {
  const found = STRATEGIES.find((s) => s === name)
  if (!found) throw new UsageError(`There is no strategy '${name}': use one of ${STRATEGIES.join(', ')}.`)
  return found
}

const UNITS: Record<string, number> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, '': 1 }

export function timeNs(text: string): number {
  const m = /^([0-9.]+)\s*(ns|us|ms|s|)$/.exec(text)
  if (!m) throw new UsageError(`'${text}' is not a time: write for example 500us, 5ms or 1.5s.`)
  return Number(m[1]) * UNITS[m[2]!]!
}
