import { writeFileSync } from 'node:fs'
import type { RunOptions } from '../../src-sim/protocol'
import { refuseProblems, withKernel } from './kernel'
import { fileFault, readInput } from './input-file'
import { readLab } from './lab-files'
import { strategyNamed } from './run-command'
import { paramsOf, readSchedule } from './schedule-file'

export async function replayCommand(path: string, flags: { json?: boolean }): Promise<number> {
  const bytes = readInput(path)
  return withKernel(async (kernel) => {
    const bundle = await fileFault(kernel.readBundle(bytes))
    const { problems } = await kernel.open(bundle.lab, bundle.options)
    refuseProblems(problems)
    await kernel.run()
    const result = await kernel.result()
    const identical = result.traceHash === bundle.traceHash
    const answer = { lab: bundle.lab.id, identical, traceHash: result.traceHash, recordedHash: bundle.traceHash, findings: result.findings.length }
    if (flags.json) console.log(JSON.stringify(answer))
    else {
      console.log(identical ? `identical: true (trace ${result.traceHash})` : `identical: false (recorded ${bundle.traceHash}, now ${result.traceHash})`)
      for (const f of result.findings) console.log(`${f.kind}: ${f.title}`)
    }
    return identical && result.findings.length === 0 ? 0 : 1
  })
}

export async function bundleCommand(
  name: string,
  flags: { output: string; seed?: number; strategy?: string; choices?: string; param?: string[] },
): Promise<number> {
  const lab = readLab(name)
  const options: RunOptions = {
    strategy: strategyNamed(flags.strategy ?? 'fair'),
    ...(flags.seed === undefined ? {} : { seed: flags.seed }),
    ...(flags.choices === undefined ? {} : readSchedule(flags.choices)),
    ...(flags.param === undefined ? {} : { params: paramsOf(flags.param) }),
  }
  return withKernel(async (kernel) => {
    const { problems } = await kernel.open(lab, options)
    refuseProblems(problems)
    await kernel.run()
    const bundle = await kernel.bundle()
    writeFileSync(flags.output, bundle.bytes)
    const result = await kernel.result()
    console.error(`${flags.output}: ${bundle.bytes.length} bytes, trace ${result.traceHash}, ${result.findings.length} findings`)
    return 0
  })
}

export async function checkCommand(name: string): Promise<number> {
  const lab = readLab(name)
  const { typeProblems } = await import('./type-check')
  const found = await withKernel((kernel) => kernel.check(lab))
  const problems = found.length > 0 ? found : typeProblems(lab)
  for (const p of problems) console.log(`${p.file}:${p.line}:${p.column}: ${p.message}`)
  if (problems.length === 0) console.error(`${lab.id}: no problems`)
  return problems.length > 0 ? 2 : 0
}
