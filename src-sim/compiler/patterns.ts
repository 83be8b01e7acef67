import type { types as t } from '@babel/core'
import { num, seq, str, type Expr } from './build'
import type { Context } from './context'
import { guard, place } from './members'

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
      node.elements = node.elements.map(
        (element) => element && (pattern(cx, element) as typeof element),
      )
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
