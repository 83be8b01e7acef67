import type { types as t } from '@babel/core'
import {
  $, binary, bool, call, cond, id, logical, member, seq, str, undef, unary, type Expr,
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

const SIMPLE: ReadonlySet<string> = new Set([
  'Identifier', 'NumericLiteral', 'StringLiteral', 'PrivateName', 'ThisExpression',
])

export function isSimple(node: t.Node): boolean {
  return SIMPLE.has(node.type)
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

/** What is read at a place. A member that reads as undefined may be none of the structure's. */
export function read(cx: Context, place: Place): Expr {
  if (place.safe || place.key || place.at.type === 'PrivateName') return place.make()
  const value = cx.keep(place.make())
  cx.frame.give(value.temporary)
  const test = binary('===', value.init!, undef())
  return cond(test, call($('missing'), [place.object.ref(), { ...place.field }]), value.ref())
}

/** Elements that read as undefined are holes, which the engine lets pass, or out of bounds. */
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
  const value = read(cx, target)
  target.release()
  return seq(target.init, test, value)
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

/** Whether evaluating `node` assigns nothing: what was read before it can be read again. */
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

export const memberHandlers = {
  MemberExpression: memberExpression,
  BinaryExpression: binaryExpression,
}
