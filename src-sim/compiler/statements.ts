import type { types as t } from '@babel/core'
import {
  $, assign, binary, block, bool, call, declare, exprStmt, id, ifThen, logical, member, num, seq,
  str, throwing, unary, type Expr, type Stmt,
} from './build'
import type { Context } from './context'
import { global } from './assignments'
import { nameFor } from './function-names'
import { pattern, source } from './patterns'
import { dropCall, passing } from './using'

function identifier(cx: Context, node: t.Identifier): t.Node {
  const ref = cx.analysis.imports.get(node)
  if (ref?.imported === '*') return cx.module(ref.specifier)
  if (ref) return live(cx, ref.specifier, ref.imported)
  if (node.name === 'arguments' && cx.analysis.isGlobal(node)) return cx.lexical(node, '$arguments')
  if (cx.frame.suspends && cx.analysis.isShared(node)) {
    return seq(global(cx, node, false), { ...node })
  }
  return node
}

/** Imported values are read where they are used, so that those that change are seen to change. */
function live(cx: Context, specifier: string, name: string): Expr {
  return member(cx.module(specifier), id(name))
}

function objectProperty(cx: Context, node: t.ObjectProperty): t.Node {
  if (node.computed) node.key = cx.tx(node.key)
  const before = node.value
  if (!node.computed) nameFor(cx, node.value, node.key)
  node.value = cx.tx(node.value)
  if (node.value !== before) node.shorthand = false
  return node
}

function variableDeclarator(cx: Context, node: t.VariableDeclarator): t.Node {
  const { init } = node
  if (node.id.type === 'Identifier') {
    nameFor(cx, init, node.id)
    if (init) node.init = cx.tx(init)
    return node
  }
  if (init) node.init = source(cx, node.id, init)
  node.id = pattern(cx, node.id) as typeof node.id
  return node
}

function expressionStatement(cx: Context, node: t.ExpressionStatement): t.Node {
  const drop = dropCall(cx, node)
  if (drop) return drop
  node.expression = cx.tx(node.expression, true)
  return node
}

/** One turn of a loop: the engine looks in when the fuel is used up. */
function turn(cx: Context, node: t.Loop): Stmt {
  const left = { type: 'UpdateExpression', operator: '--', prefix: true, argument: $('fuel') }
  const spent = binary('<', left as Expr, num(0))
  const burn = call($('burn'), [num(cx.position(node))])
  const wait = cx.frame.suspends ? cx.yield(burn) : call($('atomic'), [burn])
  return exprStmt(logical('&&', spent, wait))
}

function loop(cx: Context, node: t.Loop): t.Node {
  const body = node.body.type === 'BlockStatement' ? node.body : block([node.body])
  node.body = body
  if (node.type === 'ForOfStatement' || node.type === 'ForInStatement') forEach(cx, node, body)
  else {
    if (node.type === 'ForStatement') {
      if (node.init) node.init = cx.tx(node.init, true)
      if (node.update) node.update = cx.tx(node.update, true)
    }
    if (node.test) node.test = cx.tx(node.test)
    cx.children(body)
  }
  body.body.unshift(turn(cx, node))
  return node
}

function forEach(
  cx: Context, node: t.ForOfStatement | t.ForInStatement, body: t.BlockStatement,
): void {
  node.right = cx.checked(node.right, str(node.type === 'ForOfStatement' ? 'iterator' : '*'), true)
  if (node.left.type !== 'VariableDeclaration') {
    node.left = pattern(cx, node.left) as typeof node.left
    cx.children(body)
    return
  }
  const declarator = node.left.declarations[0]!
  const target = declarator.id
  if (target.type !== 'ObjectPattern') {
    declarator.id = pattern(cx, target) as typeof target
    cx.children(body)
    return
  }
  const element = cx.unique('e')
  const { kind } = node.left
  declarator.id = id(element)
  node.left.kind = 'const'
  const value = { ...id(element), loc: target.loc ?? null }
  const init = source(cx, target, value)
  const taken = declare(kind as 'let', pattern(cx, target), init)
  cx.children(body)
  node.body = body
  const inner = block(body.body)
  body.body = [taken, inner]
}

/** `catch` and `finally` do not run for the exceptions that end a task. */
function tryStatement(cx: Context, node: t.TryStatement): t.Node {
  node.block = cx.tx(node.block)
  if (node.handler) catchClause(cx, node.handler)
  if (!node.finalizer) return node
  const finalizer = cx.tx(node.finalizer)
  const ending = cx.unique('f')
  const error = cx.unique('x')
  const own = { ...node, finalizer: null }
  const inner = node.handler ? block([own]) : node.block
  const note = exprStmt(assign(id(ending), call(passing(node), [id(error)])))
  const body = block([note, throwing(id(error))])
  const handler = { type: 'CatchClause', param: id(error), body }
  const guarded = block([ifThen(unary('!', id(ending)), finalizer)])
  const outer = { type: 'TryStatement', block: inner, handler, finalizer: guarded }
  return block([declare('let', id(ending), bool(false)), outer as unknown as Stmt])
}

function catchClause(cx: Context, node: t.CatchClause): void {
  const { param } = node
  cx.children(node.body)
  const name = param?.type === 'Identifier' ? param.name : cx.unique('x')
  const pass = ifThen(call($('fatal'), [id(name)]), throwing(id(name)))
  if (param && param.type !== 'Identifier') {
    const init = source(cx, param, { ...id(name), loc: param.loc ?? null })
    const taken = declare('let', pattern(cx, param), init)
    node.body = block([pass, taken, node.body])
  } else node.body.body.unshift(pass)
  node.param = id(name)
}

function throwStatement(cx: Context, node: t.ThrowStatement): t.Node {
  const { node: value, marked } = cx.effect(node.argument)
  if (!marked) node.argument = seq(cx.at(node), value)
  else {
    const held = cx.keep(value)
    node.argument = seq(held.init, cx.at(node), held.ref())
    cx.frame.give(held.temporary)
  }
  return node
}

function metaProperty(cx: Context, node: t.MetaProperty): t.Node {
  return cx.lexical(node, '$target')
}

function thisExpression(cx: Context, node: t.ThisExpression): t.Node {
  return cx.lexical(node, '$this')
}

function labeled(cx: Context, node: t.LabeledStatement): t.Node {
  node.body = cx.tx(node.body)
  return node
}

const leave = (_cx: Context, node: t.Node): t.Node => node

/** Texts that the sandbox would take for code (`import(`, `eval(`, comments) are spelled apart. */
function stringLiteral(_cx: Context, node: t.StringLiteral): t.Node {
  const raw = apart(JSON.stringify(node.value).replace(/[\u2028\u2029]/g, escape16))
  node.extra = { rawValue: node.value, raw }
  return node
}

const escape16 = (c: string): string => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`

function apart(raw: string): string {
  return raw
    .replace(/<!--/g, '<\\x21--')
    .replace(/-->/g, '-\\x2d>')
    .replace(/\bimport(?=\s*[(/])/g, '\\x69mport')
    .replace(/\beval(?=\s*\()/g, '\\x65val')
}

function templateLiteral(cx: Context, node: t.TemplateLiteral): t.Node {
  cx.children(node)
  for (const quasi of node.quasis) quasi.value.raw = apart(quasi.value.raw)
  return node
}

function regExpLiteral(_cx: Context, node: t.RegExpLiteral): t.Node {
  node.pattern = apart(node.pattern)
  return { type: 'RegExpLiteral', pattern: node.pattern, flags: node.flags } as t.Node
}

export const statementHandlers = {
  Identifier: identifier,
  ObjectProperty: objectProperty,
  VariableDeclarator: variableDeclarator,
  ExpressionStatement: expressionStatement,
  ForStatement: loop,
  WhileStatement: loop,
  DoWhileStatement: loop,
  ForOfStatement: loop,
  ForInStatement: loop,
  TryStatement: tryStatement,
  ThrowStatement: throwStatement,
  MetaProperty: metaProperty,
  ThisExpression: thisExpression,
  LabeledStatement: labeled,
  BreakStatement: leave,
  ContinueStatement: leave,
  StringLiteral: stringLiteral,
  TemplateLiteral: templateLiteral,
  RegExpLiteral: regExpLiteral,
}
