import type { Sim } from '../../engine/suspend'
import { KernelObject } from '../../engine/object'
import { kernelCall } from '../api'
import * as c from '../sched/completion'

/** `kernel::sync::Completion`: made with `new_completion`. Done once, it stays done. */
export class Completion extends KernelObject {
  /** The completion as C sees it. @internal */
  readonly inner = new c.completion()

  /** @internal */
  constructor() {
    super()
    c.initCompletion(this.inner)
  }

  /** Wakes everybody who waits now or later. Any context. */
  complete_all(): void {
    c.completeAll(this.inner)
  }

  /** Sleeps until it is done. */
  wait_for_completion(): void {
    return wait(this.inner)
  }
}

const wait = kernelCall('Completion::wait_for_completion', function* (inner: c.completion): Sim {
  const waiting = c.waitForCompletion(inner)
  if (waiting) yield* waiting
})
