import { types as t } from '@babel/core'
import { $, block, call, declare, dot, id, type Expr, type Stmt } from './build'
import type { Context } from './context'
import type { Problems } from './errors'

const AT_TOP =
  'using is for variables inside functions: what a module holds is dropped by its exit.'
const IN_LOOP = 'Write for (const ... of ...) and put the using declaration inside the loop.'
const NO_AWAIT = 'Kernel code cannot be async: write using without await.'

/**
 * Rewrites `using x = value` and what follows it in its block into `const x = value` and a
 * `try ... finally` that drops `x`. Done before anything else looks at the program, so that the
 * rest of the compiler knows nothing of it but the drop itself.
 */
export function resolveUsing(program: t.Program, problems: Problems): void {
  t.traverseFast(program, (node) => {
    switch (node.type) {
      case 'Program':
        for (const statement of node.body) if (isUsing(statement)) problems.add(statement, AT_TOP)
        break
      case 'ForOfStatement':
      case 'ForStatement':
      case 'ForInStatement': {
        const head = node.type === 'ForStatement' ? node.init : node.left
        if (head && isUsing(head)) problems.add(head, IN_LOOP)
        break
      }
      case 'BlockStatement':
      case 'StaticBlock':
        node.body = guarded(node.body, node, problems)
    }
  })
}

const isUsing = (node: t.Node): node is t.VariableDeclaration =>
  node.type === 'VariableDeclaration' && (node.kind === 'using' || node.kind === 'await using')

function guarded(body: Stmt[], owner: t.Node, problems: Problems): Stmt[] {
  const at = body.findIndex(isUsing)
  if (at < 0) return body
  const declaration = body[at] as t.VariableDeclaration
  if (declaration.kind === 'await using') problems.add(declaration, NO_AWAIT)
  const rest = body.slice(at + 1)
  const functions: Stmt[] = rest.filter((s) => s.type === 'FunctionDeclaration')
  let inner: Stmt[] = rest.filter((s) => s.type !== 'FunctionDeclaration')
  for (const part of declaration.declarations.slice().reverse()) {
    const name = (part.id as t.Identifier).name
    const variable = { ...declare('const', part.id, part.init ?? null), loc: declaration.loc }
    const finalizer = block([dropping(name, owner)])
    const extra = { drops: true }
    const guard = { type: 'TryStatement', block: block(inner), handler: null, finalizer, extra }
    inner = [variable, guard] as Stmt[]
  }
  return [...body.slice(0, at), ...functions, ...inner]
}

/** Stands for the drop of a variable until names have been checked: labs cannot write this. */
function dropping(name: string, owner: t.Node): Stmt {
  const end = owner.loc?.end
  const loc = end ? { start: { ...end, column: Math.max(0, end.column - 1) }, end } : null
  const variable = { ...id(name), loc }
  return { type: 'ExpressionStatement', expression: variable, extra: { drops: true }, loc } as never
}

/** What tells the exceptions that a `try` must let pass without running its `finally`. */
export const passing = (node: t.TryStatement): Expr =>
  node.extra?.['drops'] ? dot(id('$lib'), 'panics') : $('fatal')

/** The call that a marked statement stands for; null for all others. */
export function dropCall(cx: Context, node: t.ExpressionStatement): t.Node | null {
  if (!node.extra?.['drops']) return null
  const before = cx.at(node)
  const target = node.expression as t.Identifier
  const expression = cx.settle(call(dot(id('$lib'), 'drop'), [id(target.name)]))
  return {
    type: 'ExpressionStatement',
    expression: { type: 'SequenceExpression', expressions: [before, expression] },
  } as t.Node
}
