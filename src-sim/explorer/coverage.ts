import { operationName } from '../engine/choice-key'
import type { Exec } from '../engine/exec'
import type { Transition } from '../engine/transition'

/** What one worker has seen, in words, so that shares can be put together. */
export interface CoverageShare {
  operations: string[]
  /** `a > b`: b came right after a on the same object, in another context. */
  orders: string[]
}

/**
 * How much of a lab's behaviour an exploration has seen: which operations were executed at all,
 * and which pairs of them met on the same object, from different contexts, in either order. A race
 * that was never seen in its other order has not been explored, however many schedules ran.
 */
export class Coverage {
  readonly #operations = new Set<string>()
  readonly #orders = new Set<string>()
  /** Weak: operations of the lab are fresh functions in every schedule. */
  readonly #names = new WeakMap<object, string>()
  /** Who touched an object last in the present schedule, and by which operation. */
  #latest = new Map<unknown, { exec: Exec; operation: string }>()

  beginSchedule(): void {
    this.#latest = new Map()
  }

  /** Told of every transition before it is executed. */
  step(t: Transition): void {
    const { exec } = t
    if (t.kind !== 'step' || exec === null || exec.operation === null) return
    const operation = this.#nameOf(exec.operation)
    this.#operations.add(operation)
    const { object } = exec
    if (object === null || typeof object !== 'object') return
    const before = this.#latest.get(object)
    if (before === undefined) {
      this.#latest.set(object, { exec, operation })
      return
    }
    if (before.exec !== exec) this.#orders.add(`${before.operation} > ${operation}`)
    before.exec = exec
    before.operation = operation
  }

  #nameOf(operation: object): string {
    let name = this.#names.get(operation)
    if (name === undefined) this.#names.set(operation, (name = operationName(operation)))
    return name
  }

  share(): CoverageShare {
    return { operations: [...this.#operations], orders: [...this.#orders] }
  }
}

/** The figures of all shares together. */
export function coverageOf(shares: readonly CoverageShare[]): { operations: number; pairs: number } {
  const operations = new Set(shares.flatMap((s) => s.operations))
  const orders = new Set(shares.flatMap((s) => s.orders))
  let pairs = 0
  for (const order of orders) {
    const [first, second] = order.split(' > ') as [string, string]
    if (first < second && orders.has(`${second} > ${first}`)) pairs++
  }
  return { operations: operations.size, pairs }
}
