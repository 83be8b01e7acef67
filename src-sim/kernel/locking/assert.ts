import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import { warnHere } from '../printk/warn'
import { locking } from './locking'
import type { lockdep_map } from './map'

/** In which way a lock is held. */
export type Held = 'any' | 'exclusive' | 'shared'

/** Answers "does the running task hold it?", as long as somebody keeps book. */
class HeldChecker {
  /** Set by the lock validator. */
  lookUp: ((map: lockdep_map, how?: Held) => boolean) | null = null
  readonly #told = new Set<string>()
  #machine: Machine

  constructor(machine: Machine) {
    this.#machine = machine
  }

  isHeld(map: lockdep_map | null, how: Held = 'any'): boolean {
    if (this.lookUp === null || map === null || !locking(this.#machine).debugLocks) return true
    return this.lookUp(map, how)
  }

  assert(map: lockdep_map | null, how: Held = 'any'): void {
    if (!this.isHeld(map, how)) this.#warn()
  }

  assertNot(map: lockdep_map | null): void {
    const speaks = this.lookUp !== null && map !== null && locking(this.#machine).debugLocks
    if (speaks && this.lookUp!(map)) this.#warn()
  }

  /** Of things that are no locks, such as interrupts being off: told once. */
  assertState(good: boolean, what: string): void {
    if (this.lookUp === null || good || !locking(this.#machine).debugLocks) return
    if (this.#told.has(what)) return
    this.#told.add(what)
    this.#warn()
  }

  /** Of anything: told each time. */
  assertTrue(good: boolean): void {
    if (this.lookUp !== null && !good && locking(this.#machine).debugLocks) this.#warn()
  }

  #warn(): void {
    warnHere(this.#machine, 'lockdep-assert', null)
  }
}

export const heldChecker = service((machine) => new HeldChecker(machine))
