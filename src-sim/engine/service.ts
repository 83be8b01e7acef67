import type { Machine } from './machine'

/** Part `T` of a machine, built on first use. */
export interface Service<T> {
  (machine: Machine): T
  /** For those who only listen: `then` is called with the part at once, or when it is built. */
  whenUsed(machine: Machine, then: (part: T) => void): void
}

let serviceCount = 0

/**
 * Declares a part of the machine that exists once per machine and is built on first use:
 *
 *   export const workqueues = service((m) => new Workqueues(m))
 *   workqueues(machine).systemWq
 *
 * Lazy, so that a machine used only for its scheduler costs next to nothing.
 */
export function service<T>(make: (machine: Machine) => T): Service<T> {
  const slot = serviceCount++
  const build = (machine: Machine): T => {
    const part = (machine.services[slot] = make(machine))
    const waiting = machine.serviceListeners[slot]
    machine.serviceListeners[slot] = undefined
    if (waiting !== undefined) for (const then of waiting) then(part)
    return part
  }
  const get = (machine: Machine): T => (machine.services[slot] ?? build(machine)) as T
  const whenUsed = (machine: Machine, then: (part: T) => void): void => {
    if (machine.services[slot] !== undefined) then(machine.services[slot] as T)
    else (machine.serviceListeners[slot] ??= []).push(then as (part: unknown) => void)
  }
  return Object.assign(get, { whenUsed })
}
