import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { irqTrace } from './irqflags'

/** The body of every interrupt: tells checkers that one runs, and what for. */
export function* hardirq(source: object, name: string, body: () => Sim): Sim {
  const trace = irqTrace(machine())
  trace.on.hardirqEnter.emit(source, name)
  yield* body()
  trace.on.hardirqExit.emit(source, name)
}
