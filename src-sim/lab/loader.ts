import { assert } from '../base/assert'
import type { FileKind } from '../compiler'
import { createLibrary } from '../compiler/library'
import type { Machine } from '../engine/machine'
import { FILES_MAX } from '../engine/position'
import { labApi } from '../linux'
import { recorder } from '../kernel/emit'
import type { Sandbox } from '../sandbox'
import type { InstancePlan, LabProgram } from './program'

/** A loaded instance: its file numbers in this machine and a way to run its top level. */
export interface LoadedInstance {
  owner: string
  files: number[]
  /** Runs the top level of all its files, dependencies first; answers what the entry exports. */
  evaluate(): Record<string, unknown>
}

/**
 * Puts compiled files into a machine. Each loading is a text of its own: a module that was
 * unloaded and is loaded again shares nothing with its former self.
 */
export class Loader {
  #machine: Machine
  #program: LabProgram
  #sandbox: Sandbox
  #used = new Set<InstancePlan>()
  #next: number

  constructor(machine: Machine, program: LabProgram, sandbox: Sandbox) {
    this.#machine = machine
    this.#program = program
    this.#sandbox = sandbox
    this.#next = program.nextNumber
  }

  load(instance: InstancePlan): LoadedInstance {
    const numbers = this.#used.has(instance) ? this.#fresh(instance) : instance.numbers
    this.#used.add(instance)
    const { runtime } = this.#machine
    const writer = recorder(this.#machine).writer
    for (const [path, number] of numbers) {
      const code = this.#program.code(path, number, kindOf(instance.kind, path))
      runtime.files[number] = {
        path,
        module: instance.owner,
        kind: code.kind,
        functions: code.functions,
      }
      writer?.defineFile(number, path)
    }
    const evaluate = (): Record<string, unknown> => this.#evaluate(instance, numbers)
    return { owner: instance.owner, files: [...numbers.values()], evaluate }
  }

  #fresh(instance: InstancePlan): Map<string, number> {
    const numbers = new Map<string, number>()
    for (const path of instance.numbers.keys()) {
      assert(this.#next <= FILES_MAX, 'too many loadings of modules in one run')
      numbers.set(path, this.#next++)
    }
    return numbers
  }

  #evaluate(instance: InstancePlan, numbers: Map<string, number>): Record<string, unknown> {
    const { runtime } = this.#machine
    const exportsOf = new Map<string, Record<string, unknown>>()
    for (const path of numbers.keys()) exportsOf.set(path, {})
    for (const [path, number] of numbers) {
      const code = this.#program.code(path, number, kindOf(instance.kind, path))
      const imports: Record<string, unknown> = {}
      for (const specifier of code.imports) {
        const target = code.resolved[specifier]
        imports[specifier] = target ? exportsOf.get(target) : labApi.get(specifier)
      }
      const body = this.#sandbox.evaluate(code)
      const library = createLibrary(runtime, path)
      runtime.atomic(body(runtime, imports, exportsOf.get(path)!, library))
    }
    return exportsOf.get(instance.entry)!
  }
}

const kindOf = (kind: FileKind, path: string): FileKind =>
  path.startsWith('hardware/') ? 'hardware' : kind === 'scenario' && /^user/.test(path) ? 'user' : kind
