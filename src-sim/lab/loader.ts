import { assert } from '../base/assert'
import type { FileKind } from '../compiler'
import { createLibrary } from '../compiler/library'
import type { Machine } from '../engine/machine'
import { FILES_MAX } from '../engine/position'
import { labApi } from '../linux'
import { modules, useSymbol, type module } from '../kernel/base/module'
import { recorder } from '../kernel/emit'
import type { Sandbox } from '../sandbox'
import type { InstancePlan, LabProgram } from './program'

/** A loaded instance: its file numbers in this machine and a way to run its top level. */
export interface LoadedInstance {
  owner: string
  files: number[]
  /** Binds it to the modules that it imports from; answers a symbol that nobody exports, or null. */
  link(user: module): string | null
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
  /** What the entries of the loaded modules export. */
  #live = new Map<string, Record<string, unknown>>()

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
    return {
      owner: instance.owner,
      files: [...numbers.values()],
      link: (user) => this.#link(instance, numbers, user),
      evaluate: () => this.#evaluate(instance, numbers),
    }
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
        imports[specifier] = target
          ? (exportsOf.get(target) ?? this.#live.get(instance.foreign.get(target)!))
          : labApi.get(specifier)
      }
      const body = this.#sandbox.evaluate(code)
      const library = createLibrary(runtime, path)
      runtime.atomic(body(runtime, imports, exportsOf.get(path)!, library))
    }
    const exported = exportsOf.get(instance.entry)!
    if (instance.kind === 'driver') this.#live.set(instance.owner, exported)
    return exported
  }

  /**
   * Functions of another module must be there and exported; each use pins it. Classes stand for
   * what C has in a header, and values are reached as through a pointer that was handed out.
   */
  #link(instance: InstancePlan, numbers: Map<string, number>, user: module): string | null {
    for (const [path, number] of numbers) {
      const code = this.#program.code(path, number, kindOf(instance.kind, path))
      for (const { specifier, name } of code.importedNames) {
        const owner = instance.foreign.get(code.resolved[specifier] ?? '')
        if (owner === undefined) continue
        const value = this.#live.get(owner)?.[name]
        if (!isFunction(value)) {
          if (!modules(this.#machine).isLoaded(owner)) return name
        } else if (useSymbol(user, name) === null) return name
      }
    }
    return null
  }
}

/** A function as C knows them: no class. */
const isFunction = (value: unknown): boolean =>
  typeof value === 'function' && !/^class\b/.test(Function.prototype.toString.call(value))

const kindOf = (kind: FileKind, path: string): FileKind =>
  path.startsWith('hardware/') ? 'hardware' : kind === 'scenario' && /^user/.test(path) ? 'user' : kind
