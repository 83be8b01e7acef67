import type { NodePath, types as t } from '@babel/core'

type Scope = NodePath['scope']
type Binding = NonNullable<ReturnType<Scope['getBinding']>>

/** Where an imported name comes from. `imported` is '*' for a namespace. */
export interface ImportRef {
  specifier: string
  imported: string
  /** From the simulated kernel: calls are scheduling points. Else from a file of the same lab. */
  kernel: boolean
}

/**
 * What scopes say about the identifiers of one file. Keys are the identifier nodes themselves, so
 * shadowed names need no thought later.
 */
export class Analysis {
  readonly imports = new Map<t.Node, ImportRef>()
  readonly #bindings = new Map<t.Node, Binding>()
  readonly #captured = new Set<Binding>()
  readonly #globals = new Set<t.Node>()

  addImport(node: t.Node, ref: ImportRef): void {
    this.imports.set(node, ref)
  }

  addGlobal(node: t.Node): void {
    this.#globals.add(node)
  }

  addReference(node: t.Node, binding: Binding, from: Scope): void {
    this.#bindings.set(node, binding)
    if (owner(from) !== owner(binding.scope)) this.#captured.add(binding)
  }

  isGlobal(node: t.Node): boolean {
    return this.#globals.has(node)
  }

  /** Keeps its value for ever. */
  isConstant(node: t.Node): boolean {
    return this.#bindings.get(node)?.constant === true
  }

  /** Nobody but the running function can change it. */
  isPrivate(node: t.Node): boolean {
    const binding = this.#bindings.get(node)
    return binding !== undefined && (binding.constant || !this.#captured.has(binding))
  }

  /** A class or function of this file, never a freed object. */
  isDeclaration(node: t.Node): boolean {
    const binding = this.#bindings.get(node)
    if (!binding?.constant) return false
    return binding.path.isClassDeclaration() || binding.path.isFunctionDeclaration()
  }

  /** A variable of the file that functions change: what C would call a static variable. */
  isShared(node: t.Node): boolean {
    const binding = this.#bindings.get(node)
    if (!binding || binding.constant || !this.#captured.has(binding)) return false
    return binding.scope.path.isProgram()
  }
}

function owner(scope: Scope): unknown {
  return scope.getFunctionParent() ?? scope.getProgramParent()
}
