import { call, type Sim } from '../../engine/suspend'
import { Owned, takeOwnership } from './drop'

/** `kernel::types::ScopeGuard`: a function that runs when the value is dropped. */
export class ScopeGuard<T = null> extends Owned {
  /** @internal */
  readonly $data: T
  /** @internal */
  readonly $cleanup: (data: T) => void

  /** @internal */
  constructor(data: T, cleanup: (data: T) => void) {
    super()
    this.$data = data
    this.$cleanup = cleanup
  }

  static new(cleanup: () => void): ScopeGuard {
    return new ScopeGuard<null>(null, cleanup)
  }

  /** The function gets `data`, which belongs to the guard until then. */
  static new_with_data<T>(data: T, cleanup: (data: T) => void): ScopeGuard<T> {
    return new ScopeGuard(takeOwnership(data), cleanup)
  }

  get value(): T {
    this.$live()
    return this.$data
  }

  /** Gives up: the function will not run. */
  dismiss(): T {
    return this.$move().$data
  }

  /** @internal */
  override *$drop(): Sim {
    yield* call(() => this.$cleanup(this.$data))
  }
}
