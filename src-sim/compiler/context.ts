import { types as t } from '@babel/core'
import { position } from '../engine/position'
import type { Analysis } from './analysis'
import {
  $, assign, binary, bool, call, cond, maybeDot, id, logical, num, seq, str, thisExpr, undef, yielding,
  type Expr,
} from './build'
import { Frame, type Held } from './frame'

export type Handler = (cx: Context, node: never, unused: boolean) => t.Node
/** By node type: how a node is rewritten. Nodes without a handler only have their children done. */
export type Handlers = Partial<Record<t.Node['type'], Handler>>

/** A function of the source, for turning a position into a name. */
export interface FunctionSpan {
  name: string
  startLine: number
  startColumn: number
  endLine: number
  endColumn: number
}

/** The state of the rewriting of one file, and what all rewriting rules share. */
export class Context {
  readonly analysis: Analysis
  readonly file: number
  readonly handlers: Handlers
  frame: Frame
  readonly functions: FunctionSpan[] = []
  /** For each position of an access: what it accesses, as in `d.ring.head`. */
  readonly accesses: Record<number, string> = {}
  /** Kernel functions that are called, each with the constant that holds it. */
  readonly kernelFunctions = new Map<string, { module: string; name: string; variable: string }>()
  readonly modules = new Map<string, string>()
  /** The class whose members are being rewritten. */
  className = ''
  derivedClass = false
  /** It has a `[Symbol.iterator]`, so that its `next` is called by the language. */
  iteratorClass = false
  insideIterator = false
  /** What the next anonymous function is called in reports. */
  pendingName: string | null = null
  #unique = 0

  constructor(analysis: Analysis, file: number, handlers: Handlers) {
    this.analysis = analysis
    this.file = file
    this.handlers = handlers
    this.frame = new Frame('module', null, '')
  }

  tx<T extends t.Node>(node: T, unused = false): T {
    const handler = this.handlers[node.type]
    if (handler) return handler(this, node as never, unused) as T
    this.children(node)
    return node
  }

  children(node: t.Node): void {
    const keys = t.VISITOR_KEYS[node.type]
    if (!keys) return
    const fields = node as unknown as Record<string, t.Node | (t.Node | null)[] | null | undefined>
    for (const key of keys) {
      const child = fields[key]
      if (Array.isArray(child)) {
        for (let i = 0; i < child.length; i++) if (child[i]) child[i] = this.tx(child[i]!)
      } else if (child) fields[key] = this.tx(child)
    }
  }

  /** Runs `body` with `frame` as the function being compiled. */
  within<T>(frame: Frame, body: () => T): T {
    const outer = this.frame
    this.frame = frame
    try {
      return body()
    } finally {
      this.frame = outer
    }
  }

  unique(prefix: string): string {
    return `$${prefix}${++this.#unique}`
  }

  module(specifier: string): t.Identifier {
    let variable = this.modules.get(specifier)
    if (!variable) this.modules.set(specifier, (variable = `$m${this.modules.size + 1}`))
    return id(variable)
  }

  /** The constant that holds an imported kernel function or class. */
  kernelFunction(module: string, name: string): t.Identifier {
    const key = `${module} ${name}`
    let entry = this.kernelFunctions.get(key)
    if (!entry) {
      entry = { module, name, variable: `$k_${name}` }
      for (const other of this.kernelFunctions.values()) {
        if (other.name === name) entry.variable = this.unique('k')
      }
      this.kernelFunctions.set(key, entry)
      this.module(module)
    }
    return id(entry.variable)
  }

  position(node: t.Node): number {
    const start = node.loc?.start
    return start ? position(this.file, start.line, start.column + 1) : position(this.file, 0, 0)
  }

  /** `$.p = POS` */
  at(node: t.Node): Expr {
    this.frame.marks++
    return assign($('p'), num(this.position(node)))
  }

  this(): Expr {
    const node = thisExpr()
    return this.lexical(node, '$this')
  }

  lexical<T extends Expr>(node: T, name: '$this' | '$arguments' | '$target'): Expr {
    const { frame } = this
    if (name === '$this' && frame.home.kind === 'module') return undef()
    if (frame.kind === 'arrow') frame.lexical.push({ node, name })
    return node
  }

  yield(suspension: Expr): Expr {
    this.frame.marks++
    this.frame.yields++
    return yielding(suspension)
  }

  /**
   * Makes `node` something that can be written twice. `steady`: nothing that runs between the two
   * uses assigns variables of this function.
   */
  hold(node: Expr, steady: boolean): Held {
    if (node.type === 'ThisExpression') {
      return { init: null, ref: () => this.this(), temporary: null }
    }
    if (node.type === 'Identifier' && !this.analysis.imports.has(node)) {
      const { analysis } = this
      if (node.name === 'arguments') {
        return { init: null, ref: () => this.lexical(id(node.name), '$arguments'), temporary: null }
      }
      if (analysis.isConstant(node) || (steady && !analysis.isShared(node))) {
        return { init: null, ref: () => id(node.name), temporary: null }
      }
    }
    if (t.isLiteral(node) && node.type !== 'TemplateLiteral' && node.type !== 'RegExpLiteral') {
      return { init: null, ref: () => ({ ...node }), temporary: null }
    }
    return this.keep(this.tx(node))
  }

  /** Puts an already rewritten expression into a temporary. */
  keep(value: Expr): Held {
    const temporary = this.frame.take()
    return { init: assign(temporary.ref(), value), ref: () => temporary.ref(), temporary }
  }

  /** Rewrites `node` and says whether running it has effects (calls, accesses, assignments). */
  effect<T extends t.Node>(node: T): { node: T; marked: boolean } {
    const before = this.frame.marks
    const done = this.tx(node)
    return { node: done, marked: this.frame.marks !== before }
  }

  /** `(t = value) instanceof Suspend ? yield t : t` */
  settle(value: Expr): Expr {
    const { frame } = this
    const temporary = frame.take()
    const run = frame.suspends
      ? this.yield(temporary.ref())
      : call($('atomic'), [temporary.ref()])
    frame.give(temporary)
    frame.marks++
    const test = binary('instanceof', assign(temporary.ref(), value), id('$S'))
    return cond(test, run, temporary.ref())
  }

  /**
   * What comes before an access to `object[field]`: while accesses are watched a suspension, then
   * always the test for freed memory, which comes last because the object may be freed meanwhile.
   */
  guard(object: Held, field: Expr, write: boolean, at: t.Node): Expr {
    const setPosition = this.at(at)
    const watched = this.watched(object.ref(), field, write, at)
    return seq(setPosition, watched, this.alive(object, field, write))
  }

  alive(object: Held, field: Expr, write: boolean): Expr {
    const dead = binary('===', maybeDot(object.ref(), '$dead'), undef())
    return logical('||', dead, call($('bad'), [object.ref(), { ...field }, bool(write)]))
  }

  watched(object: Expr, field: Expr, write: boolean, at: t.Node): Expr | null {
    if (!this.frame.suspends) return null
    const temporary = this.frame.take()
    const ask = assign(temporary.ref(), call($('access'), [object, { ...field }, bool(write)]))
    const wait = seq(this.yield(temporary.ref()), this.at(at))
    this.frame.give(temporary)
    return logical('&&', logical('&&', $('watch'), ask), wait)
  }

  /** A value about to be read as a whole (spread, destructured, iterated). */
  checked(node: Expr, field: Expr, nullable: boolean): Expr {
    if (this.isSafe(node)) return this.tx(node)
    const object = this.hold(node, true)
    const guard = this.guard(object, field, false, node)
    this.frame.give(object.temporary)
    const test = nullable
      ? logical('||', binary('==', object.ref(), { type: 'NullLiteral' } as Expr), seq(guard))
      : guard
    return seq(object.init, test, object.ref())
  }

  /** Objects that are no memory of the simulated machine: nobody frees them. */
  isSafe(node: t.Node): boolean {
    switch (node.type) {
      case 'Identifier': {
        const ref = this.analysis.imports.get(node)
        if (ref) return ref.imported === '*'
        return this.analysis.isGlobal(node) || this.analysis.isDeclaration(node)
      }
      case 'ThisExpression':
        return ['constructor', 'derived', 'field'].includes(this.frame.kind)
      case 'ArrayExpression':
      case 'ObjectExpression':
      case 'StringLiteral':
      case 'NumericLiteral':
      case 'TemplateLiteral':
      case 'RegExpLiteral':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return true
      default:
        return false
    }
  }

  /** The name of a field as an expression, for the engine. */
  fieldName(property: t.Expression | t.PrivateName): Expr {
    if (property.type === 'PrivateName') return str(`#${property.id.name}`)
    return str(property.type === 'Identifier' ? property.name : '')
  }
}
