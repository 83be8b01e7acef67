import type { types as t } from '@babel/core'
import {
  $, arrow, assign, binary, block, call, declare, exprStmt, func, id, ifThen, member,
  num, ret, str, thisExpr, undef, type Expr, type Stmt,
} from './build'
import type { Context } from './context'
import { Frame, type FrameKind } from './frame'
import { PROTOCOL_METHODS } from './globals'
import { pattern, source } from './patterns'

type Method = t.ObjectMethod | t.ClassMethod | t.ClassPrivateMethod
type FunctionNode =
  | t.FunctionDeclaration | t.FunctionExpression | t.ArrowFunctionExpression
  | Method

/** Rewrites one function: parameters, body, and what arrows in it need. */
function rewrite(
  cx: Context, node: FunctionNode, kind: FrameKind, name: string, suspends: boolean,
): Frame {
  const frame = new Frame(kind, cx.frame, name, suspends)
  span(cx, node, name)
  let body = block([])
  cx.within(frame, () => {
    const defaults = parameters(cx, node)
    body = node.body.type === 'BlockStatement' ? node.body : block([ret(cx.tx(node.body))])
    if (body === node.body) cx.children(body)
    node.body = body
    body.directives = []
    body.body.unshift(...entry(cx, node, defaults))
  })
  if (kind !== 'arrow') body.body.unshift(...captures(frame))
  const names = frame.temporaries()
  if (names.length > 0) body.body.unshift(declareAll(names))
  return frame
}

function declareAll(names: string[]): Stmt {
  const declarations = names.map((name) => (
    { type: 'VariableDeclarator', id: id(name), init: null }
  ))
  return { type: 'VariableDeclaration', kind: 'let', declarations } as unknown as Stmt
}

function span(cx: Context, node: t.Node, name: string): void {
  if (!node.loc) return
  const { start, end } = node.loc
  cx.functions.push({
    name, startLine: start.line, startColumn: start.column + 1,
    endLine: end.line, endColumn: end.column + 1,
  })
}

/** Position and text check on entry, then the parameters that could not stay in the list. */
function entry(cx: Context, node: t.Node, defaults: Stmt[]): Stmt[] {
  const dead = member($('dead'), num(cx.file), true)
  const unloaded = exprStmt(call($('unloaded'), [num(cx.position(node))]))
  return [exprStmt(assign($('p'), num(cx.position(node)))), ifThen(dead, unloaded), ...defaults]
}

/**
 * Parameters are bound before a generator's body starts, where nothing can suspend: patterns and
 * computed defaults move into the body.
 */
function parameters(cx: Context, node: FunctionNode): Stmt[] {
  const statements: Stmt[] = []
  const params = node.params as t.Node[]
  params.forEach((param, i) => {
    if (param.type === 'Identifier') return
    if (param.type === 'AssignmentPattern' && param.left.type === 'Identifier') {
      if (isTrivial(param.right)) return
      const { name } = param.left
      const right = cx.tx(param.right)
      param.right = undef()
      statements.push(ifThen(binary('===', id(name), undef()), exprStmt(assign(id(name), right))))
      return
    }
    const variable = cx.unique('a')
    const rest = param.type === 'RestElement'
    if (rest && param.argument.type === 'Identifier') return
    let target: t.Node = rest ? param.argument : param
    let value: Expr = id(variable)
    params[i] = rest ? { ...param, argument: id(variable) } : id(variable)
    if (target.type === 'AssignmentPattern') {
      const test = binary('===', id(variable), undef())
      const fallback = assign(id(variable), cx.tx(target.right))
      statements.push(ifThen(test, exprStmt(fallback)))
      params[i] = { ...target, left: id(variable), right: undef() }
      target = target.left
      value = id(variable)
    }
    value.loc = param.loc ?? null
    statements.push(declare('var', pattern(cx, target), source(cx, target, value)))
  })
  node.params = params as typeof node.params
  return statements
}

const TRIVIAL: ReadonlySet<string> = new Set([
  'NumericLiteral', 'StringLiteral', 'NullLiteral', 'BooleanLiteral', 'BigIntLiteral',
])

function isTrivial(node: t.Node): boolean {
  return TRIVIAL.has(node.type)
}

/** Makes a function a generator if something in it suspends, and settles what arrows borrowed. */
function conclude(
  cx: Context, frame: Frame, node: FunctionNode,
): FunctionNode | t.FunctionExpression {
  if (frame.yields === 0) {
    if (frame.kind === 'arrow' && cx.frame.kind === 'arrow') cx.frame.lexical.push(...frame.lexical)
    return node
  }
  if (node.type !== 'ArrowFunctionExpression') {
    node.generator = true
    return node
  }
  for (const use of frame.lexical) {
    Object.assign(use.node, { type: 'Identifier', name: use.name })
    frame.home.captures.add(use.name)
  }
  const made = func(node.params, node.body)
  made.generator = true
  return made
}

/** Declarations for what arrows that became functions use of this one. */
function captures(frame: Frame): Stmt[] {
  const statements: Stmt[] = []
  for (const name of frame.captures) {
    if (name === '$this' && frame.kind === 'derived') {
      statements.push(declare('let', id('$this'), null))
      for (const node of frame.superCalls) {
        const copy = { ...node }
        Object.assign(node, assign(id('$this'), copy))
      }
    } else statements.push(declare('const', id(name), captured(name)))
  }
  return statements
}

function captured(name: string): Expr {
  switch (name) {
    case '$this':
      return thisExpr()
    case '$arguments':
      return id('arguments')
    case '$target':
      return { type: 'MetaProperty', meta: id('new'), property: id('target') } as Expr
    default:
      return superReader()
  }
}

function superReader(): Expr {
  return arrow([id('$key')], member({ type: 'Super' } as unknown as Expr, id('$key'), true))
}

function functionDeclaration(cx: Context, node: t.FunctionDeclaration): t.Node {
  const frame = rewrite(cx, node, 'function', node.id?.name ?? 'default', canSuspend(cx))
  return conclude(cx, frame, node)
}

function functionExpression(cx: Context, node: t.FunctionExpression): t.Node {
  const frame = rewrite(cx, node, 'function', node.id?.name ?? takeName(cx), canSuspend(cx))
  return conclude(cx, frame, node)
}

function arrowFunction(cx: Context, node: t.ArrowFunctionExpression): t.Node {
  const frame = rewrite(cx, node, 'arrow', takeName(cx), canSuspend(cx))
  return conclude(cx, frame, node)
}

/** Inside an iterator everything is run by the language itself. */
function canSuspend(cx: Context): boolean {
  return !cx.insideIterator
}

function takeName(cx: Context): string {
  const name = cx.pendingName ?? (cx.frame.name ? `${cx.frame.name}.lambda` : 'lambda')
  cx.pendingName = null
  return name
}

function objectMethod(cx: Context, node: t.ObjectMethod): t.Node {
  if (node.computed) node.key = cx.tx(node.key)
  return method(cx, node, keyName(node.key), node.kind !== 'method')
}

function classMethod(cx: Context, node: t.ClassMethod | t.ClassPrivateMethod): t.Node {
  if (node.type === 'ClassMethod' && node.computed) node.key = cx.tx(node.key)
  const name = cx.className ? `${cx.className}.${keyName(node.key)}` : keyName(node.key)
  if (node.kind === 'constructor') {
    rewrite(cx, node, cx.derivedClass ? 'derived' : 'constructor', name, false)
    return node
  }
  return method(cx, node, name, node.kind !== 'method')
}

function method(
  cx: Context, node: Method, name: string, accessor: boolean,
): t.Node {
  const key = node.key
  if (key.type === 'Identifier' && key.name === 'import') quoteKey(node)
  const isIterator = isIteratorKey(key)
  const byProtocol = PROTOCOL_METHODS.has(keyName(key)) || isSymbolKey(key)
  if (accessor || byProtocol || (cx.iteratorClass && isStep(key))) {
    const outer = cx.insideIterator
    cx.insideIterator ||= isIterator || cx.iteratorClass
    rewrite(cx, node, 'atomic', name, false)
    cx.insideIterator = outer
    return node
  }
  return conclude(cx, rewrite(cx, node, 'function', name, canSuspend(cx)), node)
}

/** `import(x) {}` would look like a dynamic import to the sandbox. */
function quoteKey(node: Method): void {
  Object.assign(node, { computed: true, key: str('import') })
}

function isSymbolKey(key: t.Node): boolean {
  if (key.type !== 'MemberExpression' || key.object.type !== 'Identifier') return false
  return key.object.name === 'Symbol'
}

export function isIteratorKey(key: t.Node): boolean {
  return isSymbolKey(key) && keyName((key as t.MemberExpression).property) === 'iterator'
}

const isStep = (key: t.Node): boolean => ['next', 'return', 'throw'].includes(keyName(key))

export function keyName(key: t.Node): string {
  switch (key.type) {
    case 'Identifier':
      return key.name
    case 'PrivateName':
      return `#${key.id.name}`
    case 'StringLiteral':
      return key.value
    case 'NumericLiteral':
      return String(key.value)
    default:
      return 'computed'
  }
}

export const functionHandlers = {
  FunctionDeclaration: functionDeclaration,
  FunctionExpression: functionExpression,
  ArrowFunctionExpression: arrowFunction,
  ObjectMethod: objectMethod,
  ClassMethod: classMethod,
  ClassPrivateMethod: classMethod,
}

export { captures, declareAll, superReader }
