import type { types as t } from '@babel/core'
import {
  $, block, call, declare, dot, exprStmt, func, id, member, num, ret, str, type Expr, type Stmt,
} from './build'
import type { Context } from './context'
import { declareAll } from './functions'

/** A name that a file imports, and where it says so. */
export interface ImportedName {
  specifier: string
  name: string
  line: number
  column: number
}

/** The whole file as one function, and what it gives to others. */
export interface Assembled {
  program: Expr
  exports: string[]
}

/**
 * Turns the statements of a file into one function of `$`, `$imports`, `$exports` and `$lib`.
 * Exports are getters, so that importers see later assignments.
 */
export function assemble(cx: Context, program: t.Program): Assembled {
  const getters = new Map<string, Expr>()
  const body: Stmt[] = []
  const texts: Stmt[] = []
  for (const statement of program.body) {
    const kept = moduleStatement(cx, statement, getters)
    if (!kept) continue
    const done = cx.tx(kept)
    if (isFunctionDeclaration(done)) texts.push(text(cx, done.id!.name, kept))
    body.push(done)
    body.push(...functionVariables(cx, done))
  }
  const head = prelude(cx, getters)
  const names = cx.frame.temporaries()
  if (names.length > 0) head.push(declareAll(names))
  const inner = block([...head, ...texts, ...body])
  inner.directives = [useStrict()]
  const wrapper = func(['$', '$imports', '$exports', '$lib'].map((name) => id(name)), inner)
  return { program: wrapper, exports: [...getters.keys()].sort() }
}

function useStrict(): t.Directive {
  const value = { type: 'DirectiveLiteral', value: 'use strict', extra: { raw: "'use strict'" } }
  return { type: 'Directive', value } as unknown as t.Directive
}

function isFunctionDeclaration(node: t.Node): node is t.FunctionDeclaration {
  return node.type === 'FunctionDeclaration'
}

/** `$.text(f, POS)`: the engine learns whose text a function is. */
function text(cx: Context, name: string, at: t.Node): Stmt {
  return exprStmt(call($('text'), [id(name), num(cx.position(at))]))
}

/** Functions held by constants of the file are its text just like declared ones. */
function functionVariables(cx: Context, statement: Stmt): Stmt[] {
  if (statement.type !== 'VariableDeclaration') return []
  const found: Stmt[] = []
  for (const { id: target, init } of statement.declarations) {
    if (target.type !== 'Identifier') continue
    if (init?.type !== 'FunctionExpression' && init?.type !== 'ArrowFunctionExpression') continue
    found.push(text(cx, target.name, statement))
  }
  return found
}

/** Notes what a statement exports and answers what is left to run of it. */
function moduleStatement(cx: Context, node: t.Statement, getters: Map<string, Expr>): Stmt | null {
  switch (node.type) {
    case 'ImportDeclaration':
      cx.module(node.source.value)
      return null
    case 'ExportNamedDeclaration':
      if (node.declaration) {
        for (const name of declaredNames(node.declaration)) getters.set(name, id(name))
        return node.declaration
      }
      for (const specifier of node.specifiers) exportSpecifier(cx, node, specifier, getters)
      return null
    case 'ExportDefaultDeclaration':
      return exportDefault(node, getters)
    default:
      return node
  }
}

function exportSpecifier(
  cx: Context, node: t.ExportNamedDeclaration, specifier: t.Node, getters: Map<string, Expr>,
): void {
  if (specifier.type === 'ExportNamespaceSpecifier') {
    getters.set(specifier.exported.name, cx.module(node.source!.value))
    return
  }
  if (specifier.type !== 'ExportSpecifier') return
  const { exported, local } = specifier
  const name = exported.type === 'Identifier' ? exported.name : exported.value
  if (!node.source) getters.set(name, cx.tx(local as Expr))
  else getters.set(name, member(cx.module(node.source.value), { ...local }))
}

function exportDefault(node: t.ExportDefaultDeclaration, getters: Map<string, Expr>): Stmt {
  const { declaration } = node
  if (declaration.type === 'FunctionDeclaration' || declaration.type === 'ClassDeclaration') {
    declaration.id ??= id('$default')
    getters.set('default', id(declaration.id.name))
    return declaration
  }
  getters.set('default', id('$default'))
  return declare('const', id('$default'), declaration as Expr)
}

function declaredNames(node: t.Declaration): string[] {
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      return node.id ? [node.id.name] : []
    case 'VariableDeclaration':
      return node.declarations.flatMap((declarator) => patternNames(declarator.id))
    default:
      return []
  }
}

function patternNames(node: t.Node | null): string[] {
  switch (node?.type) {
    case 'Identifier':
      return [node.name]
    case 'ObjectPattern':
      return node.properties.flatMap((p) => patternNames(p.type === 'ObjectProperty' ? p.value : p))
    case 'ArrayPattern':
      return node.elements.flatMap((element) => patternNames(element))
    case 'AssignmentPattern':
      return patternNames(node.left)
    case 'RestElement':
      return patternNames(node.argument)
    default:
      return []
  }
}

/** What the code of a file finds around itself. */
function prelude(cx: Context, getters: Map<string, Expr>): Stmt[] {
  const head: Stmt[] = [declare('const', id('$S'), $('Suspend'))]
  for (const [specifier, variable] of cx.modules) {
    head.push(declare('const', id(variable), member(id('$imports'), str(specifier), true)))
  }
  for (const { module, name, variable } of cx.kernelFunctions.values()) {
    head.push(declare('const', id(variable), dot(cx.module(module), name)))
  }
  if (getters.size > 0) {
    const properties = [...getters].map(([name, value]) => ({
      type: 'ObjectMethod', kind: 'get', key: str(name), params: [], body: block([ret(value)]),
      computed: false, generator: false, async: false,
    }))
    const list = { type: 'ObjectExpression', properties } as unknown as Expr
    head.push(exprStmt(call(dot(id('$lib'), 'exports'), [id('$exports'), list])))
  }
  return head
}
