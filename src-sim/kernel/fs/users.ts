import type { Sim } from '../../engine/suspend'
import { WaitList } from '../sched/schedule'

/** Who is inside the functions of a file that can be removed under its users. */
export class Users {
  active = 0
  gone = false
  readonly #drained = new WaitList()

  /** False when the file is gone; else `leave` must follow. */
  enter(): boolean {
    if (this.gone) return false
    this.active++
    return true
  }

  leave(): void {
    this.active--
    if (this.active === 0 && this.gone) this.#drained.wakeAll()
  }

  /** Lets nobody in any more, and waits for those inside. */
  *retire(object: object, what: string): Sim {
    this.gone = true
    if (this.active > 0) yield* this.#drained.waitUntil(() => this.active === 0, object, what)
  }
}
