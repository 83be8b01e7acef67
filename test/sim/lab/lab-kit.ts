import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { boot, type Booted } from '../../../src-sim/lab/boot'
import { compileProgram, type LabProgram } from '../../../src-sim/lab/program'
import { concludeRun, resultOf, strategyOf } from '../../../src-sim/lab/run'
import { apiValues } from '../../../src-sim/linux'
import type { LabSource, RunOptions, RunResult } from '../../../src-sim/protocol'
import { createSandbox, hardenApi, prepareRealm, type Sandbox } from '../../../src-sim/sandbox'

/** Labs run in tests exactly as in the kernel worker: compiled, in the sandbox, all checkers on. */
let shared: Sandbox | null = null

export function sandbox(): Sandbox {
  if (!shared) {
    prepareRealm()
    hardenApi(apiValues())
    shared = createSandbox()
  }
  return shared
}

const LABS = resolve(import.meta.dirname, '../../../resources/labs')

export const builtinIds = (): string[] => readdirSync(LABS).sort()

export function readBuiltin(id: string): LabSource {
  const files: Record<string, string> = {}
  const visit = (dir: string): void => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      const path = join(dir, entry.name)
      if (entry.isDirectory()) visit(path)
      else files[relative(join(LABS, id), path).split(sep).join('/')] = readFileSync(path, 'utf8')
    }
  }
  visit(join(LABS, id))
  return { id, files }
}

/** A lab of one driver file, with a scenario if given. */
export function labOf(driver: string, more: Record<string, string> = {}): LabSource {
  return { id: 'test', files: { 'lab.json': '{ "title": "test" }', 'driver.ts': driver, ...more } }
}

export function compile(lab: LabSource): LabProgram {
  sandbox()
  const program = compileProgram(lab)
  if ('problems' in program)
    throw new Error(program.problems.map((p) => `${p.file}:${p.line}: ${p.message}`).join('\n'))
  return program
}

export function start(program: LabProgram, run: RunOptions = {}, traced = true): Booted {
  return boot(program, sandbox(), {
    strategy: strategyOf(run),
    run,
    traced,
    recordKeys: true,
    stepsMax: run.stepsMax ?? 1_000_000,
  })
}

/** Compiles and runs a lab to its end. */
export function runLab(lab: LabSource, run: RunOptions = {}): RunResult {
  const booted = start(compile(lab), run)
  booted.machine.run()
  concludeRun(booted)
  return resultOf(booted, run)
}
