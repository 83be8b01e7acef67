import type { types as t } from '@babel/core'
import { $, call, num, type Expr } from './build'
import type { Context } from './context'

/**
 * The kernel prints the names of functions it is given, and says whose they are. What has no name
 * is called after where it goes.
 */

type FunctionValue = t.ArrowFunctionExpression | t.FunctionExpression

export const isFunctionValue = (node: t.Node | null | undefined): node is FunctionValue =>
  node?.type === 'ArrowFunctionExpression' || node?.type === 'FunctionExpression'

/** What an anonymous function or class will be called in reports. */
export function nameFor(cx: Context, value: t.Node | null | undefined, key: t.Node): void {
  const isAnonymous = value?.type === 'ArrowFunctionExpression'
    || ((value?.type === 'FunctionExpression' || value?.type === 'ClassExpression') && !value.id)
  if (isAnonymous && key.type === 'Identifier') cx.pendingName = key.name
}

/** Rewrites a function that is about to be handed over, so that the engine knows its text. */
export function textOf(cx: Context, f: FunctionValue): Expr {
  const position = num(cx.position(f))
  return call($('text'), [cx.tx(f), position])
}
