import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import { warn } from '../printk/warn'
import { locking } from './locking'
import type { lockdep_map } from './map'

/** Answers "does the running task hold it?", as long as somebody keeps book. */
class HeldChecker {
  /** Set by the lock validator. */
  lookUp: ((map: lockdep_map) => boolean) | null = null
  #machine: Machine

  constructor(machine: Machine) {
    this.#machine = machine
  }

  isHeld(map: lockdep_map | null): boolean {
    if (this.lookUp === null || map === null || !locking(this.#machine).debugLocks) return true
    return this.lookUp(map)
  }

  assert(map: lockdep_map | null, what: string): void {
    if (!this.isHeld(map)) this.#warn(`${what}: ${map!.name} is not held`)
  }

  assertNot(map: lockdep_map | null): void {
    const speaks = this.lookUp !== null && map !== null && locking(this.#machine).debugLocks
    if (speaks && this.lookUp!(map)) this.#warn(`lockdep_assert_not_held: ${map.name} is held`)
  }

  assertState(good: boolean, what: string): void {
    if (this.lookUp !== null && !good && locking(this.#machine).debugLocks) this.#warn(what)
  }

  #warn(text: string): void {
    warn(this.#machine, 'lockdep-assert', 'include/linux/lockdep.h at lockdep_assert_held', text)
  }
}

export const heldChecker = service((machine) => new HeldChecker(machine))
