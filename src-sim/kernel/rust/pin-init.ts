import { call, type Sim } from '../../engine/suspend'
import { dropNow } from './drop'
import { KernelError } from './error'

/** How each field of a structure comes to be, in order. */
export type Initialisers<T> = { [K in keyof T]?: () => T[K] }

/**
 * `try_pin_init!`: makes a structure field by field. When one of them fails, those that are done
 * are dropped, the last one first, and the error goes on to the caller.
 */
export function* pinInit<T extends object>(
  type: new () => T, fields: Initialisers<T>,
): Sim<T> {
  const made: unknown[] = []
  const values: Record<string, unknown> = {}
  try {
    for (const [name, make] of Object.entries(fields) as [string, () => unknown][]) {
      values[name] = yield* call(make)
      made.push(values[name])
    }
  } catch (error) {
    if (error instanceof KernelError) for (const value of made.reverse()) yield* dropNow(value)
    throw error
  }
  return Object.assign(new type(), values)
}
