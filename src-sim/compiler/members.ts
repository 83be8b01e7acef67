import type { types as t } from '@babel/core'
import {
  $, assign, binary, bool, call, id, logical, member, num, seq, str, undef, unary, type Expr,
} from './build'
import type { Context } from './context'
import type { Held } from './frame'

type Property = t.Expression | t.PrivateName

/** A member about to be accessed: object and key evaluated, not yet checked. */
export interface Place {
  object: Held
  key: Held | null
  /** What evaluates object and key; null when nothing does. */
  init: Expr | null
  field: Expr
  at: t.Node
  safe: boolean
  make(): t.MemberExpression
  release(): void
}

/** `steady`: nothing that runs before the last use of the place assigns variables. */
export function place(cx: Context, node: t.MemberExpression, steady: boolean): Place {
  const object = node.object as Expr
  const safe = cx.isSafe(object)
  const { property, computed } = node
  const effects = computed && !isSimple(property)
  const held = cx.hold(object, steady && !effects)
  return placeOf(cx, held, property, computed, safe, node)
}

/** The same for an object that is evaluated already. */
export function placeOf(
  cx: Context, object: Held, property: Property, computed: boolean, safe: boolean, node: t.Node,
): Place {
  const isThis = property.type === 'ThisExpression'
  const key = !computed ? null
    : isThis ? cx.keep(cx.this()) : cx.hold(property as Expr, isSimple(property))
  const at = computed ? node : property
  const position = cx.position(at)
  if (at.loc && cx.accesses[position] === undefined) cx.accesses[position] = describe(node)
  return {
    object, key, at, safe,
    init: object.init || key?.init ? seq(object.init, key?.init ?? null) : null,
    field: key ? key.ref() : cx.fieldName(property),
    make: () => key
      ? member(object.ref(), key.ref(), true)
      : member(object.ref(), { ...property }),
    release: () => cx.frame.give(object.temporary, key?.temporary),
  }
}

export function isSimple(node: t.Node): boolean {
  return node.type === 'Identifier' || node.type === 'NumericLiteral' || node.type === 'StringLiteral'
    || node.type === 'PrivateName' || node.type === 'ThisExpression'
}

/** The source text of an access, as far as it is a plain path. */
export function describe(node: t.Node): string {
  switch (node.type) {
    case 'Identifier':
      return node.name
    case 'ThisExpression':
      return 'this'
    case 'Super':
      return 'super'
    case 'PrivateName':
      return `#${node.id.name}`
    case 'NumericLiteral':
      return String(node.value)
    case 'CallExpression':
      return `${describe(node.callee)}()`
    case 'MemberExpression':
    case 'OptionalMemberExpression': {
      const property = describe(node.property)
      return `${describe(node.object)}${node.computed ? `[${property}]` : `.${property}`}`
    }
    default:
      return '...'
  }
}

/** The check of a place for one access; null when it needs none. */
export function guard(cx: Context, place: Place, write: boolean): Expr | null {
  if (place.safe) return null
  const { key } = place
  const test = cx.guard(place.object, place.field, write, place.at)
  if (!key) return test
  return seq(test, inBounds(place, write))
}

/** Elements that read as undefined are either holes, which the engine lets pass, or out of bounds. */
function inBounds(place: Place, write: boolean): Expr | null {
  const key = place.key!.ref()
  if (key.type === 'StringLiteral') return null
  const isNumber = binary('===', unary('typeof', key), str('number'))
  const missing = binary('===', place.make(), undef())
  const report = call($('index'), [place.object.ref(), place.key!.ref(), bool(write)])
  const test = logical('&&', missing, report)
  return key.type === 'NumericLiteral' ? test : logical('&&', isNumber, test)
}

function memberExpression(cx: Context, node: t.MemberExpression): t.Node {
  if (node.object.type === 'Super') return superMember(cx, node)
  const namespace = namespaceMember(cx, node)
  if (namespace) return namespace
  const target = place(cx, node, true)
  const test = guard(cx, target, false)
  target.release()
  return seq(target.init, test, target.make())
}

/** `ns.name` of `import * as ns`: a live read of the other module. */
export function namespaceMember(cx: Context, node: t.MemberExpression): Expr | null {
  const ref = cx.analysis.imports.get(node.object)
  if (ref?.imported !== '*') return null
  const property = node.computed ? cx.tx(node.property) : node.property
  return member(cx.module(ref.specifier), property, node.computed)
}

/** `super` may not be named in the generator that an arrow becomes: it goes through `$super`. */
export function superMember(cx: Context, node: t.MemberExpression): Expr {
  if (node.computed) node.property = cx.tx(node.property)
  if (cx.frame.kind !== 'arrow') return node
  cx.frame.home.captures.add('$super')
  const key = node.computed ? (node.property as Expr) : cx.fieldName(node.property)
  return call(id('$super'), [key])
}

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
  const value = cx.effect(right)
  const held = value.marked ? cx.keep(value.node) : null
  const test = guard(cx, target, true)
  cx.frame.give(held?.temporary)
  target.release()
  cx.frame.marks++
  return seq(target.init, held?.init ?? null, test, assign(target.make(), held ? held.ref() : value.node))
}

/** Reading and writing are two accesses: others may come between them. */
function compoundStore(cx: Context, left: t.MemberExpression, operator: string, right: Expr): Expr {
  const target = place(cx, left, isSteady(right))
  const read = guard(cx, target, false)
  const old = cx.keep(target.make())
  const value = cx.effect(right)
  const held = value.marked ? cx.keep(value.node) : null
  const write = guard(cx, target, true)
  cx.frame.give(held?.temporary, old.temporary)
  target.release()
  cx.frame.marks++
  const sum = binary(operator, old.ref(), held ? held.ref() : value.node)
  return seq(target.init, read, old.init, held?.init ?? null, write, assign(target.make(), sum))
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
  const read = guard(cx, target, false)
  const next = cx.keep(target.make())
  const old = unused || node.prefix ? null : cx.keep(step(operator, next, false))
  const write = guard(cx, target, true)
  cx.frame.give(old?.temporary, next.temporary)
  target.release()
  cx.frame.marks++
  const change = old ? old.init : step(operator, next, true)
  const put = assign(target.make(), next.ref())
  return seq(target.init, read, next.init, change, write, put, old ? old.ref() : null)
}

export function deletion(cx: Context, argument: t.MemberExpression): Expr {
  const target = place(cx, argument, true)
  const test = target.safe ? null : cx.guard(target.object, target.field, true, target.at)
  target.release()
  cx.frame.marks++
  return seq(target.init, test, unary('delete', target.make()))
}

function binaryExpression(cx: Context, node: t.BinaryExpression): t.Node {
  if (node.operator !== 'in') {
    cx.children(node)
    return node
  }
  if (node.left.type !== 'PrivateName') node.left = cx.tx(node.left)
  node.right = cx.checked(node.right, str('in'), false)
  return node
}

/** Whether evaluating `node` assigns nothing: what was read before it can be read again after it. */
export function isSteady(node: t.Node): boolean {
  switch (node.type) {
    case 'Identifier':
    case 'ThisExpression':
    case 'NumericLiteral':
    case 'StringLiteral':
    case 'BooleanLiteral':
    case 'NullLiteral':
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
      return true
    case 'MemberExpression':
      return isSteady(node.object) && (!node.computed || isSteady(node.property))
    case 'BinaryExpression':
      return isSteady(node.left) && isSteady(node.right)
    case 'UnaryExpression':
      return node.operator !== 'delete' && isSteady(node.argument)
    default:
      return false
  }
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

/** The right side of a destructuring: an object pattern reads the fields of what it takes apart. */
export function source(cx: Context, left: t.Node, right: Expr): Expr {
  if (left.type === 'ArrayPattern') return cx.checked(right, num(0), false)
  const first = left.type === 'ObjectPattern' ? left.properties[0] : undefined
  const key = first?.type === 'ObjectProperty' && !first.computed ? first.key : undefined
  return cx.checked(right, str(key?.type === 'Identifier' ? key.name : '*'), false)
}

/** Targets of destructuring: defaults may suspend, members are checked, names stay. */
export function pattern(cx: Context, node: t.Node): t.Node {
  switch (node.type) {
    case 'ObjectPattern':
      for (const property of node.properties) {
        if (property.type === 'RestElement') pattern(cx, property)
        else {
          if (property.computed) property.key = cx.tx(property.key)
          property.value = pattern(cx, property.value) as typeof property.value
        }
      }
      return node
    case 'ArrayPattern':
      node.elements = node.elements.map((element) => element && (pattern(cx, element) as typeof element))
      return node
    case 'AssignmentPattern':
      node.left = pattern(cx, node.left) as typeof node.left
      node.right = cx.tx(node.right)
      return node
    case 'RestElement':
      node.argument = pattern(cx, node.argument) as typeof node.argument
      return node
    case 'MemberExpression': {
      if (node.object.type === 'Super') return cx.tx(node)
      const target = place(cx, node, true)
      const test = guard(cx, target, true)
      const made = target.make()
      target.release()
      made.object = seq(target.init, test, target.object.ref())
      return made
    }
    default:
      return node
  }
}

export const memberHandlers = {
  MemberExpression: memberExpression,
  AssignmentExpression: assignment,
  UpdateExpression: update,
  BinaryExpression: binaryExpression,
}
