import type { Problem, RunOptions } from '../protocol'
import type { LabPlan } from './manifest'

/** The value of each parameter of a lab: the chosen one, or the usual one. */
export function paramValues(plan: LabPlan, run: RunOptions): Map<string, string> {
  const declared = Object.entries(plan.manifest.params ?? {})
  return new Map(declared.map(([name, { default: usual }]) => [name, run.params?.[name] ?? usual]))
}

/** What is wrong with the chosen values; every problem is one sentence. */
export function paramProblems(plan: LabPlan, run: RunOptions): Problem[] {
  const declared = plan.manifest.params ?? {}
  const problems: Problem[] = []
  for (const [name, value] of Object.entries(run.params ?? {})) {
    const values = Object.keys(declared[name]?.values ?? {})
    if (values.includes(value)) continue
    const known = Object.keys(declared).join(', ') || 'none'
    const message = declared[name]
      ? `The parameter '${name}' cannot be '${value}': choose one of ${values.join(', ')}.`
      : `The lab has no parameter '${name}': it has ${known}.`
    problems.push({ file: 'lab.json', line: 1, column: 1, message })
  }
  return problems
}
