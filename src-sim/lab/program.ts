import {
  compileFile,
  compileLab,
  isCompiled,
  type CompiledFile,
  type FileKind,
  type SourceFile,
} from '../compiler'
import { assert, SimBug } from '../base/assert'
import { FILES_MAX } from '../engine/position'
import { labApiNames } from '../linux'
import type { LabSource, Problem } from '../protocol'
import { readPlan, type LabPlan } from './manifest'

/**
 * Files that are loaded together: a module, or a program. Each first loading of an instance has
 * file numbers of its own, fixed when the lab is compiled, so that all runs of a lab share one
 * compilation. A module that is loaded again gets fresh numbers behind them.
 */
export interface InstancePlan {
  /** Module name, or the name of the program. */
  owner: string
  kind: FileKind
  entry: string
  /** Path -> file number, dependencies first, the entry last. */
  numbers: Map<string, number>
  /** Entries of other modules that its files import, and whose they are: linked at loading. */
  foreign: Map<string, string>
}

/** A compiled lab: immutable, shared by all its runs. */
export class LabProgram {
  readonly lab: LabSource
  readonly plan: LabPlan
  readonly instances: InstancePlan[]
  /** First number that no instance has. */
  readonly nextNumber: number
  #compiled = new Map<string, CompiledFile>()

  constructor(lab: LabSource, plan: LabPlan, instances: InstancePlan[], files: CompiledFile[]) {
    this.lab = lab
    this.plan = plan
    this.instances = instances
    for (const file of files) this.#compiled.set(`${file.path}@${file.index}`, file)
    this.nextNumber = files.reduce((max, f) => Math.max(max, f.index), 0) + 1
  }

  instance(owner: string, kind?: FileKind): InstancePlan | undefined {
    return this.instances.find((i) => i.owner === owner && (kind === undefined || i.kind === kind))
  }

  /** The code of a file under a number; compiled now when this number is new. */
  code(path: string, number: number, kind: FileKind): CompiledFile {
    const key = `${path}@${number}`
    let file = this.#compiled.get(key)
    if (file) return file
    const text = this.lab.files[path]
    assert(text !== undefined, `${path} is not part of the lab`)
    const result = compileFile({ path, text, index: number, kind }, { api: labApiNames })
    if (!isCompiled(result)) throw new SimBug(`${path} compiled before, but not again`)
    const first = [...this.#compiled.values()].find((f) => f.path === path)
    file = { ...result, resolved: first?.resolved ?? {} }
    this.#compiled.set(key, file)
    return file
  }
}

/** Compiles a lab. Every problem has a file, a line and one sentence. */
export function compileProgram(lab: LabSource): LabProgram | { problems: Problem[] } {
  const read = readPlan(lab)
  if ('problems' in read) return read
  const { plan } = read
  const instances: InstancePlan[] = []
  let next = 1
  const add = (owner: string, kind: FileKind, entry: string): void => {
    const numbers = new Map<string, number>()
    const foreign = new Map<string, string>()
    const others = kind === 'driver' ? plan.modules.filter((m) => m.entry !== entry) : []
    for (const path of reachable(lab, entry, new Set(others.map((m) => m.entry)))) {
      const other = others.find((m) => m.entry === path)
      if (other) foreign.set(path, other.name)
      else numbers.set(path, next++)
    }
    instances.push({ owner, kind, entry, numbers, foreign })
  }
  if (plan.machine) add('machine', 'machine', plan.machine)
  if (plan.scenario) add('scenario', 'scenario', plan.scenario)
  for (const m of plan.modules) add(m.name, 'driver', m.entry)
  if (next > FILES_MAX)
    return { problems: [{ file: 'lab.json', line: 1, column: 1, message: `A lab has at most ${FILES_MAX} source files.` }] }
  const result = compileInstances(lab, instances)
  if ('problems' in result) return result
  return new LabProgram(lab, plan, instances, result.files)
}

function sourcesOf(lab: LabSource, instance: InstancePlan): SourceFile[] {
  return [...instance.numbers].map(([path, index]) => ({
    path,
    text: lab.files[path] ?? '',
    index,
    kind: kindOf(path, instance.kind),
  }))
}

/**
 * The same file may belong to several instances, each with its own copy. Only the entry of another
 * module is that module's own: it is compiled along to check names, and linked at loading.
 */
function compileInstances(
  lab: LabSource,
  instances: InstancePlan[],
): { files: CompiledFile[] } | { problems: Problem[] } {
  const files: CompiledFile[] = []
  const problems = new Map<string, Problem>()
  for (const instance of instances) {
    const own = sourcesOf(lab, instance)
    const others = instances.filter((i) => i.kind === 'driver' && instance.foreign.has(i.entry))
    const theirs = others
      .flatMap((other) => sourcesOf(lab, other))
      .filter((source) => !instance.numbers.has(source.path))
    const result = compileLab([...own, ...theirs], { api: labApiNames })
    if ('files' in result)
      files.push(...result.files.filter((f) => instance.numbers.get(f.path) === f.index))
    else
      for (const e of result.errors)
        problems.set(`${e.path}:${e.line}:${e.column}:${e.message}`, {
          file: e.path,
          line: e.line,
          column: e.column,
          message: e.message,
        })
  }
  return problems.size > 0 ? { problems: [...problems.values()] } : { files }
}

function kindOf(path: string, instanceKind: FileKind): FileKind {
  if (path.startsWith('hardware/')) return 'hardware'
  if (instanceKind === 'scenario' && /^user/.test(path)) return 'user'
  return instanceKind
}

/** The entry and what it imports, transitively up to `borders`, dependencies first. */
function reachable(lab: LabSource, entry: string, borders: ReadonlySet<string>): string[] {
  const order: string[] = []
  const seen = new Set<string>()
  const visit = (path: string): void => {
    if (seen.has(path)) return
    seen.add(path)
    const specifiers = borders.has(path) ? [] : relativeImports(lab.files[path] ?? '')
    for (const specifier of specifiers) {
      const target = resolveImport(lab, path, specifier)
      if (target) visit(target)
    }
    order.push(path)
  }
  visit(entry)
  return order
}

function relativeImports(text: string): string[] {
  const found: string[] = []
  for (const m of text.matchAll(/\bfrom\s*['"](\.[^'"]*)['"]|\bimport\s*['"](\.[^'"]*)['"]/g))
    found.push(m[1] ?? m[2]!)
  return found
}

function resolveImport(lab: LabSource, from: string, specifier: string): string | null {
  const parts = from.split('/').slice(0, -1)
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  const path = parts.join('/')
  return [path, `${path}.ts`].find((p) => lab.files[p] !== undefined) ?? null
}
