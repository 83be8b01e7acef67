import type { types as t } from '@babel/core'
import { assign, binary, id, logical, seq, str, type Expr } from './build'
import type { Context } from './context'
import type { Held } from './frame'
import { isFunctionValue, nameFor, textOf } from './function-names'
import { guard, isSteady, place, read } from './members'
import { pattern, source } from './patterns'

function assignment(cx: Context, node: t.AssignmentExpression): t.Node {
  const { left, operator } = node
  if (left.type === 'MemberExpression' && left.object.type !== 'Super') {
    if (operator === '=') return store(cx, left, node.right)
    if (operator === '&&=' || operator === '||=' || operator === '??=') {
      return logicalStore(cx, left, operator, node.right)
    }
    return compoundStore(cx, left, operator.slice(0, -1), node.right)
  }
  if (left.type === 'Identifier') return variable(cx, node, left)
  if (left.type === 'ObjectPattern' || left.type === 'ArrayPattern') {
    node.right = source(cx, left, node.right)
    node.left = pattern(cx, left) as typeof left
    cx.frame.marks++
    return node
  }
  cx.children(node)
  cx.frame.marks++
  return node
}

/** `object.field = value` */
function store(cx: Context, left: t.MemberExpression, right: Expr): Expr {
  const steady = isSteady(right)
  const target = place(cx, left, steady)
  nameFor(cx, right, left.property)
  const value = isFunctionValue(right)
    ? { node: textOf(cx, right), marked: false }
    : cx.effect(right)
  const held = value.marked ? cx.keep(value.node) : null
  const test = guard(cx, target, true)
  cx.frame.give(held?.temporary)
  target.release()
  cx.frame.marks++
  const put = assign(target.make(), held ? held.ref() : value.node)
  return seq(target.init, held?.init ?? null, test, put)
}

/** Reading and writing are two accesses: others may come between them. */
function compoundStore(cx: Context, left: t.MemberExpression, operator: string, right: Expr): Expr {
  const target = place(cx, left, isSteady(right))
  const test = guard(cx, target, false)
  const old = cx.keep(read(cx, target))
  const value = cx.effect(right)
  const held = value.marked ? cx.keep(value.node) : null
  const write = guard(cx, target, true)
  cx.frame.give(held?.temporary, old.temporary)
  target.release()
  cx.frame.marks++
  const sum = binary(operator, old.ref(), held ? held.ref() : value.node)
  return seq(target.init, test, old.init, held?.init ?? null, write, assign(target.make(), sum))
}

function logicalStore(
  cx: Context, left: t.MemberExpression, operator: '&&=' | '||=' | '??=', right: Expr,
): Expr {
  const target = place(cx, left, false)
  const read = guard(cx, target, false)
  const value = cx.keep(cx.tx(right))
  const write = guard(cx, target, true)
  cx.frame.give(value.temporary)
  target.release()
  cx.frame.marks++
  const test = operator.slice(0, -1) as '&&' | '||' | '??'
  const put = seq(value.init, write, assign(target.make(), value.ref()))
  return seq(target.init, read, logical(test, target.make(), put))
}

function update(cx: Context, node: t.UpdateExpression, unused: boolean): t.Node {
  const { argument, operator } = node
  if (argument.type === 'Identifier') return updateVariable(cx, node, argument, unused)
  if (argument.type !== 'MemberExpression' || argument.object.type === 'Super') {
    cx.children(node)
    cx.frame.marks++
    return node
  }
  const target = place(cx, argument, true)
  const test = guard(cx, target, false)
  const next = cx.keep(read(cx, target))
  const old = unused || node.prefix ? null : cx.keep(step(operator, next, false))
  const write = guard(cx, target, true)
  cx.frame.give(old?.temporary, next.temporary)
  target.release()
  cx.frame.marks++
  const change = old ? old.init : step(operator, next, true)
  const put = assign(target.make(), next.ref())
  return seq(target.init, test, next.init, change, write, put, old ? old.ref() : null)
}

/** Variables of the file that functions change are memory too: races on them are watched. */
function variable(cx: Context, node: t.AssignmentExpression, left: t.Identifier): t.Node {
  const { operator } = node
  const shared = cx.frame.suspends && cx.analysis.isShared(left)
  if (!shared || ['&&=', '||=', '??='].includes(operator)) {
    const watch = shared ? global(cx, left, true) : null
    node.right = cx.tx(node.right)
    cx.frame.marks++
    return seq(watch, node)
  }
  const read = operator === '=' ? null : global(cx, left, false)
  const old = operator === '=' ? null : cx.keep(id(left.name))
  const value = cx.effect(node.right)
  const held = value.marked ? cx.keep(value.node) : null
  const write = global(cx, left, true)
  cx.frame.give(held?.temporary, old?.temporary)
  cx.frame.marks++
  const right = held ? held.ref() : value.node
  const sum = old ? binary(operator.slice(0, -1), old.ref(), right) : right
  return seq(read, old?.init ?? null, held?.init ?? null, write, assign(left, sum))
}

function updateVariable(
  cx: Context, node: t.UpdateExpression, name: t.Identifier, unused: boolean,
): t.Node {
  cx.frame.marks++
  if (!cx.frame.suspends || !cx.analysis.isShared(name)) return node
  const read = global(cx, name, false)
  const next = cx.keep(id(name.name))
  const old = unused || node.prefix ? null : cx.keep(step(node.operator, next, false))
  const write = global(cx, name, true)
  cx.frame.give(old?.temporary, next.temporary)
  const change = old ? old.init : step(node.operator, next, true)
  return seq(read, next.init, change, write, assign(name, next.ref()), old ? old.ref() : null)
}

function step(operator: '++' | '--', value: Held, prefix: boolean): Expr {
  return { type: 'UpdateExpression', operator, prefix, argument: value.ref() } as Expr
}

export function global(cx: Context, name: t.Identifier, write: boolean): Expr {
  const at = cx.at(name)
  return seq(at, cx.watched(id('$exports'), str(name.name), write, name))
}

export const assignmentHandlers = {
  AssignmentExpression: assignment,
  UpdateExpression: update,
}
