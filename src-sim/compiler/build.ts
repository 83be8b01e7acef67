import type { types as t } from '@babel/core'

/**
 * Makers of syntax nodes. They skip the validation of Babel's own builders, which would take
 * longer than all the rest of the compiler.
 */
export type Expr = t.Expression
export type Stmt = t.Statement

const make = <T>(node: object): T => node as T

export const id = (name: string): t.Identifier => make({ type: 'Identifier', name })
export const num = (value: number): t.NumericLiteral => make({ type: 'NumericLiteral', value })
export const str = (value: string): t.StringLiteral => make({ type: 'StringLiteral', value })
export const undef = (): Expr => unary('void', num(0))
export const bool = (value: boolean): Expr => unary('!', num(value ? 0 : 1))
export const thisExpr = (): t.ThisExpression => make({ type: 'ThisExpression' })
export const ret = (argument: Expr | null): Stmt => make({ type: 'ReturnStatement', argument })
export const throwing = (argument: Expr): Stmt => make({ type: 'ThrowStatement', argument })
export const exprStmt = (expression: Expr): Stmt =>
  make({ type: 'ExpressionStatement', expression })
export const block = (body: Stmt[]): t.BlockStatement =>
  make({ type: 'BlockStatement', body, directives: [] })

export function unary(operator: '!' | 'void' | 'delete' | 'typeof' | '-', argument: Expr): Expr {
  return make({ type: 'UnaryExpression', operator, prefix: true, argument })
}

export function binary(operator: string, left: Expr, right: Expr): Expr {
  return make({ type: 'BinaryExpression', operator, left, right })
}

export function logical(operator: '&&' | '||' | '??', left: Expr, right: Expr): Expr {
  return make({ type: 'LogicalExpression', operator, left, right })
}

export function assign(left: object, right: Expr, operator = '='): Expr {
  return make({ type: 'AssignmentExpression', operator, left, right })
}

export function cond(test: Expr, consequent: Expr, alternate: Expr): Expr {
  return make({ type: 'ConditionalExpression', test, consequent, alternate })
}

export function member(object: Expr, property: object, computed = false): t.MemberExpression {
  return make({ type: 'MemberExpression', object, property, computed, optional: null })
}

export const dot = (object: Expr, name: string): t.MemberExpression => member(object, id(name))

/** `object?.name` */
export function maybeDot(object: Expr, name: string): Expr {
  const type = 'OptionalMemberExpression'
  return make({ type, object, property: id(name), computed: false, optional: true })
}

export function call(callee: object, args: object[]): Expr {
  return make({ type: 'CallExpression', callee, arguments: args })
}

export function construct(callee: Expr, args: object[]): Expr {
  return make({ type: 'NewExpression', callee, arguments: args })
}

export function yielding(argument: Expr): Expr {
  return make({ type: 'YieldExpression', delegate: false, argument })
}

export function ifThen(test: Expr, consequent: Stmt): Stmt {
  return make({ type: 'IfStatement', test, consequent, alternate: null })
}

export function declare(kind: 'let' | 'const' | 'var', target: object, init: Expr | null): Stmt {
  const declarator = { type: 'VariableDeclarator', id: target, init }
  return make({ type: 'VariableDeclaration', kind, declarations: [declarator] })
}

export function arrow(params: object[], body: object): t.ArrowFunctionExpression {
  const expression = (body as { type: string }).type !== 'BlockStatement'
  return make({ type: 'ArrowFunctionExpression', params, body, expression, async: false })
}

export function func(params: object[], body: object): t.FunctionExpression {
  return make({
    type: 'FunctionExpression', id: null, params, body, generator: false, async: false,
  })
}

/** `a, b, c` without nesting; a single expression stays as it is. */
export function seq(...parts: (Expr | null)[]): Expr {
  const expressions: Expr[] = []
  for (const part of parts) {
    if (!part) continue
    if (part.type === 'SequenceExpression') expressions.push(...part.expressions)
    else expressions.push(part)
  }
  if (expressions.length === 1) return expressions[0]!
  return make({ type: 'SequenceExpression', expressions })
}

/** The engine's object. */
export const $ = (name: string): t.MemberExpression => dot(id('$'), name)
