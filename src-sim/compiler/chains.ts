import type { types as t } from '@babel/core'
import { binary, bool, call, cond, dot, id, seq, unary, undef, type Expr } from './build'
import { invoke, LIBRARY_METHODS, positioned, type Argument } from './calls'
import type { Context } from './context'
import type { Held } from './frame'
import { deletion, guard, placeOf, superMember } from './members'

type Link = t.OptionalMemberExpression | t.OptionalCallExpression

/** `a?.b.c?.(x)`: each link tests its value once; a missing value ends the whole chain. */
function chain(cx: Context, node: Link): t.Node {
  return build(cx, node, false)
}

function unaryExpression(cx: Context, node: t.UnaryExpression): t.Node {
  const { argument, operator } = node
  if (operator !== 'delete') cx.children(node)
  else if (argument.type === 'OptionalMemberExpression') return build(cx, argument, true)
  else if (argument.type === 'MemberExpression') return deletion(cx, argument)
  return node
}

function build(cx: Context, node: Link, remove: boolean): Expr {
  const links: Link[] = []
  let base: t.Node = node
  while (isLink(base) && (base === node || !base.extra?.['parenthesized'])) {
    links.unshift(base)
    base = base.type === 'OptionalMemberExpression' ? base.object : base.callee
  }
  const held: Held[] = []
  const result = follow(cx, links, 0, start(cx, base as Expr, links, held), held, remove)
  cx.frame.give(...held.map((h) => h.temporary))
  return result
}

/** `a.b?.()` keeps `a` as `this`: the last member before the chain belongs to the call. */
function start(cx: Context, base: Expr, links: Link[], held: Held[]): Value {
  const isMethod = links[0]!.type === 'OptionalCallExpression' && base.type === 'MemberExpression'
  if (!isMethod) return { value: cx.tx(base), receiver: null }
  if (base.object.type === 'Super') return { value: superMember(cx, base), receiver: cx.this() }
  const namespace = cx.analysis.imports.get(base.object)?.imported === '*'
  if (namespace) return { value: cx.tx(base), receiver: null }
  const object = cx.keep(cx.tx(base.object))
  held.push(object)
  const target = placeOf(cx, object, base.property, base.computed, cx.isSafe(base.object), base)
  if (target.key) held.push(target.key)
  const test = guard(cx, target, false)
  const method = memberName(base)
  return { value: seq(target.init, test, target.make()), receiver: object.ref(), method }
}

/** What the chain has reached: its value, and the object that a call of it gets as `this`. */
interface Value {
  value: Expr
  receiver: Expr | null
  /** The name it was read by, when it may be a native method. */
  method?: string | undefined
}

function follow(
  cx: Context, links: Link[], index: number, current: Value, held: Held[], remove: boolean,
): Expr {
  const link = links[index]
  if (!link) return current.value
  const temporary = cx.keep(current.value)
  held.push(temporary)
  const step = { temporary, receiver: current.receiver, method: current.method }
  const rest = link.type === 'OptionalMemberExpression'
    ? memberLink(cx, links, index, step, held, remove)
    : callLink(cx, links, index, step, held, remove)
  if (!link.optional) return seq(temporary.init, rest)
  const missing = binary('==', temporary.init!, { type: 'NullLiteral' } as Expr)
  return cond(missing, remove ? bool(true) : undef(), rest)
}

interface Step {
  temporary: Held
  receiver: Expr | null
  method: string | undefined
}

function memberLink(
  cx: Context, links: Link[], index: number, step: Step, held: Held[], remove: boolean,
): Expr {
  const link = links[index] as t.OptionalMemberExpression
  const object = { ...step.temporary, init: null }
  const target = placeOf(cx, object, link.property, link.computed, false, link)
  if (target.key) held.push(target.key)
  if (remove && index === links.length - 1) {
    const test = cx.guard(object, target.field, true, target.at)
    return seq(target.init, test, unary('delete', target.make()))
  }
  const next = links[index + 1]
  if (next?.type === 'OptionalCallExpression' && !next.optional) {
    const result = seq(target.init, invoke(cx, target, link, next.arguments as Argument[]))
    return follow(cx, links, index + 2, { value: result, receiver: null }, held, remove)
  }
  const value = seq(target.init, guard(cx, target, false), target.make())
  const method = memberName(link)
  return follow(cx, links, index + 1, { value, receiver: object.ref(), method }, held, remove)
}

function callLink(
  cx: Context, links: Link[], index: number, step: Step, held: Held[], remove: boolean,
): Expr {
  const link = links[index] as t.OptionalCallExpression
  const before = cx.at(link)
  const args = positioned(cx, link, link.arguments as Argument[])
  const f = step.temporary.ref()
  const name = step.method
  const chosen = name && LIBRARY_METHODS.has(name) ? call(dot(id('$lib'), 'callee'), [f]) : f
  const invoked = step.receiver
    ? call(dot(chosen, 'call'), [step.receiver, ...args])
    : call(chosen, args)
  const value = seq(before, cx.settle(invoked))
  return follow(cx, links, index + 1, { value, receiver: null }, held, remove)
}

function memberName(node: t.MemberExpression | t.OptionalMemberExpression): string | undefined {
  return !node.computed && node.property.type === 'Identifier' ? node.property.name : undefined
}

function isLink(node: t.Node): node is Link {
  return node.type === 'OptionalMemberExpression' || node.type === 'OptionalCallExpression'
}

export const chainHandlers = {
  UnaryExpression: unaryExpression,
  OptionalMemberExpression: chain,
  OptionalCallExpression: chain,
}
