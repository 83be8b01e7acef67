import { types as t } from '@babel/core'
import { arrow, call, dot, id, thisExpr, type Expr } from './build'
import type { Context } from './context'
import { Frame } from './frame'
import { captures, declareAll, isIteratorKey, keyName, superReader } from './functions'

type ClassNode = t.ClassDeclaration | t.ClassExpression
type Field = t.ClassProperty | t.ClassPrivateProperty

/** Methods can suspend; constructors, field initialisers, accessors and static blocks cannot. */
function classNode(cx: Context, node: ClassNode): t.Node {
  const outer = [cx.className, cx.derivedClass, cx.iteratorClass, cx.pendingName] as const
  if (node.superClass) node.superClass = cx.tx(node.superClass)
  cx.className = node.id?.name ?? cx.pendingName ?? ''
  cx.pendingName = null
  cx.derivedClass = node.superClass != null
  cx.iteratorClass = node.body.body.some(
    (part) => 'key' in part && isIteratorKey(part.key as t.Node),
  )
  node.body.body = node.body.body.map((part) => classPart(cx, part))
  ;[cx.className, cx.derivedClass, cx.iteratorClass] = outer
  cx.pendingName = null
  return node
}

type Part = t.ClassBody['body'][number]

function classPart(cx: Context, part: Part): Part {
  switch (part.type) {
    case 'ClassProperty':
    case 'ClassPrivateProperty':
      return field(cx, part)
    case 'StaticBlock':
      return staticBlock(cx, part)
    default:
      return cx.tx(part)
  }
}

function field(cx: Context, node: Field): Field {
  if (node.type === 'ClassProperty' && node.computed) node.key = cx.tx(node.key)
  const { value } = node
  if (!value) return node
  const name = keyName(node.key)
  const isFunction = t.isFunction(value) || (value.type === 'ClassExpression' && !value.id)
  const frame = new Frame('field', cx.frame, name, false)
  const className = cx.className
  cx.pendingName = isFunction ? `${className}.${name}` : null
  const done = cx.within(frame, () => cx.tx(value))
  cx.pendingName = null
  node.value = wrapped(frame, done, isFunction && !(node as t.ClassProperty).computed ? name : null)
  return node
}

/** Gives an anonymous function the name that it would have had as the direct value of the field. */
function named(name: string, value: Expr): Expr {
  if (name.startsWith('#') || !t.isValidIdentifier(name, false)) return value
  const property = t.objectProperty(t.identifier(name), value)
  return dot(t.objectExpression([property]), name)
}

/** An initialiser has no body of its own: what needs variables gets a function around it. */
function wrapped(frame: Frame, value: Expr, name: string | null): Expr {
  const names = frame.temporaries()
  const wants = [...frame.captures]
  if (names.length + wants.length === 0) return value
  const args = wants.map((want) => (want === '$super' ? superReader() : thisExpr()))
  const body = name ? named(name, value) : value
  return call(arrow([...wants, ...names].map((variable) => id(variable)), body), args)
}

function staticBlock(cx: Context, node: t.StaticBlock): t.StaticBlock {
  const frame = new Frame('field', cx.frame, `${cx.className}.static`, false)
  cx.within(frame, () => cx.children(node))
  node.body.unshift(...captures(frame))
  const names = frame.temporaries()
  if (names.length > 0) node.body.unshift(declareAll(names))
  return node
}

export const classHandlers = { ClassDeclaration: classNode, ClassExpression: classNode }
