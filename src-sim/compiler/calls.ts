import type { types as t } from '@babel/core'
import { $, call, construct, dot, id, logical, member, num, seq, str, type Expr } from './build'
import type { Context } from './context'
import type { Held } from './frame'
import { isFunctionValue, textOf } from './function-names'
import { PURE_GLOBALS, SIZED_GLOBALS } from './globals'
import { guard, isSteady, place, superMember, type Place } from './members'

export type Argument = t.Expression | t.SpreadElement | t.ArgumentPlaceholder

/** Methods whose native form calls back into lab code, or can ask for much memory at once. */
export const LIBRARY_METHODS: ReadonlySet<string> = new Set([
  'map', 'filter', 'forEach', 'reduce', 'reduceRight', 'sort', 'toSorted', 'find', 'findIndex',
  'findLast', 'findLastIndex', 'some', 'every', 'flatMap', 'from', 'replace', 'replaceAll',
  'parse', 'stringify',
  'repeat', 'padStart', 'padEnd', 'fill', 'concat', 'join',
])

function callExpression(cx: Context, node: t.CallExpression): t.Node {
  const callee = node.callee as Expr | t.Super
  const { arguments: args } = node
  if (callee.type === 'Super') return superCall(cx, node)
  if (callee.type === 'Identifier') return identifierCall(cx, node, callee, args)
  if (callee.type === 'MemberExpression') {
    if (callee.object.type === 'Super') return superMethod(cx, node, callee, args)
    const ref = cx.analysis.imports.get(callee.object)
    if (ref?.imported === '*' && !callee.computed && callee.property.type === 'Identifier') {
      const { name } = callee.property
      if (ref.kernel) return kernelCall(cx, node, cx.kernelFunction(ref.specifier, name), args)
      return plainCall(cx, node, seq(num(0), dot(cx.module(ref.specifier), name)), args)
    }
    return methodCall(cx, callee, args)
  }
  return plainCall(cx, node, cx.tx(callee), args)
}

function identifierCall(cx: Context, node: t.Node, callee: t.Identifier, args: Argument[]): Expr {
  const ref = cx.analysis.imports.get(callee)
  if (ref?.kernel && ref.imported !== '*') {
    return kernelCall(cx, node, cx.kernelFunction(ref.specifier, ref.imported), args)
  }
  if (cx.analysis.isGlobal(callee)) {
    const before = cx.at(node)
    const sized = SIZED_GLOBALS.has(callee.name)
    const target = sized ? call(dot(id('$lib'), 'callee'), [callee]) : callee
    return seq(before, call(target, positioned(cx, node, args)))
  }
  const target = ref ? seq(num(0), cx.tx(callee)) : cx.tx(callee)
  return plainCall(cx, node, target, args)
}

/** `f(a, b)` for any function value. */
function plainCall(cx: Context, node: t.Node, callee: Expr, args: Argument[]): Expr {
  const before = cx.at(node)
  return seq(before, cx.settle(call(callee, positioned(cx, node, args))))
}

/**
 * Rewrites arguments in place. Running some of them moves the position, so the last of these sets
 * it back to that of the call.
 */
export function positioned(cx: Context, node: t.Node, args: Argument[]): Argument[] {
  let last = -1
  const done = args.map((arg, i) => {
    const { node: rewritten, marked } = cx.effect(arg)
    if (marked) last = i
    return rewritten
  })
  if (last >= 0) done[last] = thenAt(cx, node, done[last]!)
  return done
}

function thenAt(cx: Context, node: t.Node, arg: Argument): Argument {
  if (arg.type === 'SpreadElement') {
    arg.argument = thenAt(cx, node, arg.argument) as Expr
    return arg
  }
  const held = cx.keep(arg as Expr)
  cx.frame.give(held.temporary)
  return seq(held.init, cx.at(node), held.ref())
}

/**
 * A call of a simulated kernel function: the arguments are evaluated, then others may run, then
 * the call happens.
 */
function kernelCall(cx: Context, node: t.Node, f: t.Identifier, args: Argument[]): Expr {
  const at = calleeOf(node)
  if (!cx.frame.suspends) {
    const before = cx.at(at)
    return seq(before, cx.settle(call({ ...f }, positioned(cx, at, args))))
  }
  const { init, refs, first, held } = evaluated(cx, args)
  const before = cx.at(at)
  const point = cx.yield(call($('point'), first ? [{ ...f }, first] : [{ ...f }]))
  const result = cx.settle(call({ ...f }, refs))
  cx.frame.give(...held.map((h) => h.temporary))
  return seq(...init, before, logical('||', dot({ ...f }, '$quiet'), seq(point, cx.at(at))), result)
}

/** Arguments put where a suspension between their evaluation and the call cannot change them. */
function evaluated(
  cx: Context, args: Argument[],
): { init: (Expr | null)[]; refs: object[]; first: Expr | null; held: Held[] } {
  if (args.some((arg) => arg.type === 'SpreadElement')) {
    const list = { type: 'ArrayExpression', elements: args } as unknown as Expr
    const held = cx.keep(cx.tx(list))
    const spread = { type: 'SpreadElement', argument: held.ref() }
    const first = member(held.ref(), num(0), true)
    return { init: [held.init], refs: [spread], first, held: [held] }
  }
  const steady = args.every((arg) => isSteady(arg))
  const held = args.map((arg) => {
    if (arg.type === 'Identifier' && !cx.analysis.imports.has(arg)) {
      if (steady && cx.analysis.isPrivate(arg)) {
        return { init: null, ref: () => id(arg.name), temporary: null }
      }
      return cx.keep(cx.tx(arg))
    }
    if (isFunctionValue(arg)) return cx.keep(textOf(cx, arg))
    return cx.hold(arg as Expr, false)
  })
  return {
    init: held.map((h) => h.init),
    refs: held.map((h) => h.ref()),
    first: held[0]?.ref() ?? null,
    held,
  }
}

function calleeOf(node: t.Node): t.Node {
  if (node.type !== 'CallExpression' && node.type !== 'OptionalCallExpression') return node
  const { callee } = node
  return callee.type === 'MemberExpression' && !callee.computed ? callee.property : callee
}

function methodCall(cx: Context, callee: t.MemberExpression, args: Argument[]): Expr {
  const { object } = callee
  if (object.type === 'Identifier' && cx.analysis.isGlobal(object) && isPure(object, callee)) {
    const before = cx.at(callee.property)
    if (callee.computed) callee.property = cx.tx(callee.property)
    return seq(before, call(callee, positioned(cx, callee.property, args)))
  }
  const target = place(cx, callee, args.every((arg) => isSteady(arg)))
  const result = invoke(cx, target, callee, args)
  target.release()
  return seq(target.init, result)
}

function isPure(object: t.Identifier, callee: t.MemberExpression): boolean {
  if (!PURE_GLOBALS.has(object.name) || callee.property.type !== 'Identifier') return false
  return !LIBRARY_METHODS.has(callee.property.name)
}

/** The checks of a method call and the call itself. */
export function invoke(cx: Context, target: Place, callee: t.Node, args: Argument[]): Expr {
  const test = guard(cx, target, false) ?? cx.at(target.at)
  const property = (callee as t.MemberExpression).property
  const isLibrary = !target.key && property.type === 'Identifier'
    && LIBRARY_METHODS.has(property.name) && args.some(mayBeFunctionOrSize)
  if (!isLibrary) {
    return seq(test, cx.settle(call(target.make(), positioned(cx, target.at, args))))
  }
  const list = positioned(cx, target.at, args)
  if (isPlainCallback(list[0])) return seq(test, cx.settle(call(target.make(), list)))
  const chosen = call(dot(id('$lib'), 'callee'), [target.make()])
  return seq(test, cx.settle(call(dot(chosen, 'call'), [target.object.ref(), ...list])))
}

function mayBeFunctionOrSize(arg: Argument): boolean {
  return !['StringLiteral', 'RegExpLiteral', 'BooleanLiteral', 'NullLiteral'].includes(arg.type)
}

/** A callback in which nothing can suspend stayed plain: the native method can run it. */
function isPlainCallback(arg: Argument | undefined): boolean {
  if (arg?.type !== 'ArrowFunctionExpression' && arg?.type !== 'FunctionExpression') return false
  return !(arg as { generator?: boolean }).generator
}

function superCall(cx: Context, node: t.CallExpression): Expr {
  const before = cx.at(node)
  node.arguments = positioned(cx, node, node.arguments as Argument[]) as typeof node.arguments
  cx.frame.superCalls.push(node)
  return seq(before, node)
}

function superMethod(
  cx: Context, node: t.CallExpression, callee: t.MemberExpression, args: Argument[],
): Expr {
  const before = cx.at(callee.property)
  const method = superMember(cx, callee)
  const list = positioned(cx, callee.property, args)
  if (method === callee) return seq(before, cx.settle({ ...node, callee, arguments: list } as Expr))
  return seq(before, cx.settle(call(dot(method, 'call'), [cx.this(), ...list])))
}

function newExpression(cx: Context, node: t.NewExpression): t.Node {
  const callee = node.callee as Expr
  const args = node.arguments as Argument[]
  const before = cx.at(node)
  if (callee.type === 'Identifier' && cx.analysis.isGlobal(callee)) {
    const maker = SIZED_GLOBALS.has(callee.name) ? call(dot(id('$lib'), 'maker'), [callee]) : callee
    return seq(before, construct(maker, positioned(cx, node, args)))
  }
  const ref = cx.analysis.imports.get(callee)
  const own = cx.analysis.isDeclaration(callee)
  const target = ref?.kernel && ref.imported !== '*'
    ? cx.kernelFunction(ref.specifier, ref.imported)
    : own ? callee : call(dot(id('$lib'), 'maker'), [cx.tx(callee)])
  const made = cx.keep(construct(target, positioned(cx, node, args)))
  cx.frame.give(made.temporary)
  return seq(before, made.init, cx.at(node), call($('made'), [made.ref()]))
}

function tagged(cx: Context, node: t.TaggedTemplateExpression): t.Node {
  const { tag } = node
  if (tag.type === 'MemberExpression' && tag.object.type !== 'Super') {
    const target = place(cx, tag, node.quasi.expressions.every((e) => isSteady(e)))
    const test = guard(cx, target, false)
    node.tag = target.make()
    cx.children(node.quasi)
    const result = cx.settle(node)
    target.release()
    return seq(target.init, test, result)
  }
  const before = cx.at(node)
  const name = cx.analysis.imports.has(tag) ? seq(num(0), cx.tx(tag)) : cx.tx(tag)
  node.tag = name
  cx.children(node.quasi)
  return seq(before, cx.settle(node))
}

function spread(cx: Context, node: t.SpreadElement): t.Node {
  node.argument = cx.checked(node.argument, str('*'), true)
  return node
}

export const callHandlers = {
  CallExpression: callExpression,
  NewExpression: newExpression,
  TaggedTemplateExpression: tagged,
  SpreadElement: spread,
}

