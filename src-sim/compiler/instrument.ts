import type { types as t } from '@babel/core'
import type { Analysis } from './analysis'
import { assignmentHandlers } from './assignments'
import { callHandlers } from './calls'
import { chainHandlers } from './chains'
import { classHandlers } from './classes'
import { Context, type FunctionSpan, type Handlers } from './context'
import { functionHandlers } from './functions'
import { memberHandlers } from './members'
import { assemble, type Assembled } from './modules'
import { statementHandlers } from './statements'

const HANDLERS = {
  ...memberHandlers, ...assignmentHandlers, ...callHandlers, ...chainHandlers, ...functionHandlers,
  ...classHandlers,  ...statementHandlers,
} as Handlers

export interface Instrumented extends Assembled {
  functions: FunctionSpan[]
  accesses: Record<number, string>
  imports: string[]
}

/** Makes plain JavaScript resumable and checked: the shape is described in engine/runtime.ts. */
export function instrument(program: t.Program, analysis: Analysis, file: number): Instrumented {
  const cx = new Context(analysis, file, HANDLERS)
  const assembled = assemble(cx, program)
  const functions = cx.functions.sort(
    (a, b) => a.startLine - b.startLine || a.startColumn - b.startColumn,
  )
  return { ...assembled, functions, accesses: cx.accesses, imports: [...cx.modules.keys()] }
}
