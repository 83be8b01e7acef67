import * as v from 'valibot'
import { LabManifest, type LabSource, type Problem } from '../protocol'

/** One loadable module of a lab: its name and the file its loading begins with. */
export interface ModuleEntry {
  name: string
  entry: string
}

export interface LabPlan {
  manifest: LabManifest
  modules: ModuleEntry[]
  machine: string | null
  scenario: string | null
}

/** Reads `lab.json` and finds the files it speaks of; every problem is one sentence. */
export function readPlan(lab: LabSource): { plan: LabPlan } | { problems: Problem[] } {
  const text = lab.files['lab.json']
  if (text === undefined)
    return fail('lab.json', `This folder is no lab: it has no lab.json. Create one with a "title".`)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    return fail('lab.json', `lab.json is not valid JSON: ${(error as Error).message}.`)
  }
  const parsed = v.safeParse(LabManifest, json)
  if (!parsed.success) {
    const issue = parsed.issues[0]
    const where = v.getDotPath(issue) ?? 'the file'
    return fail('lab.json', `lab.json: ${where}: ${issue.message}. Correct this entry.`)
  }
  return withFiles(lab, parsed.output)
}

function withFiles(lab: LabSource, manifest: LabManifest): { plan: LabPlan } | { problems: Problem[] } {
  const has = (path: string): boolean => lab.files[path] !== undefined
  const machine = manifest.machine ?? (has('machine.ts') ? 'machine.ts' : null)
  const scenario = manifest.scenario ?? (has('scenario.ts') ? 'scenario.ts' : null)
  const modules =
    manifest.modules ?? (has('driver.ts') ? [{ name: 'driver', entry: 'driver.ts' }] : [])
  for (const path of [machine, scenario, ...modules.map((m) => m.entry)])
    if (path !== null && !has(path))
      return fail(
        'lab.json',
        `lab.json names ${path}, but there is no such file: create it or correct the name.`,
      )
  if (modules.length === 0 && scenario === null)
    return fail('lab.json', 'This lab has neither a driver.ts nor a scenario.ts: nothing can run.')
  return { plan: { manifest, modules, machine, scenario } }
}

function fail(file: string, message: string): { problems: Problem[] } {
  return { problems: [{ file, line: 1, column: 1, message }] }
}
