import type { Machine } from './machine'

let serviceCount = 0

/**
 * Declares a part of the machine that exists once per machine and is built on first use:
 *
 *   export const workqueues = service((m) => new Workqueues(m))
 *   workqueues(machine).systemWq
 *
 * Lazy, so that a machine used only for its scheduler costs next to nothing.
 */
export function service<T>(make: (machine: Machine) => T): (machine: Machine) => T {
  const slot = serviceCount++
  return (machine) => (machine.services[slot] ??= make(machine)) as T
}
