import type { Machine } from './machine'
import { hidden } from './object'
import type { Transition } from './transition'

/**
 * The meaning of a transition in words that survive an edit of the lab: which context, which
 * operation on what, and the how-manieth time. Counting happens only in recording runs.
 */
export function choiceKey(machine: Machine, t: Transition): string {
  const base = meaning(t)
  return `${base}~${counts(machine).get(base) ?? 0}`
}

export function countTransition(machine: Machine, t: Transition): void {
  const base = meaning(t)
  const map = counts(machine)
  map.set(base, (map.get(base) ?? 0) + 1)
}

const countsOf = new WeakMap<Machine, Map<string, number>>()

function counts(machine: Machine): Map<string, number> {
  let map = countsOf.get(machine)
  if (!map) countsOf.set(machine, (map = new Map()))
  return map
}

function meaning(t: Transition): string {
  switch (t.kind) {
    case 'step': {
      const exec = t.exec!
      const field = exec.field === '' ? '' : `.${exec.field}${exec.write ? '=' : ''}`
      return `${exec.name}:${operationName(exec.operation)}(${objectName(exec.object)}${field})`
    }
    case 'switch':
      return `cpu${t.cpu!.id}>${t.exec!.name}`
    case 'interrupt':
      return `cpu${t.cpu!.id}!${t.cpu!.interrupts[0]!.name}`
    case 'event':
      return 'time'
  }
}

export function operationName(operation: object | null): string {
  if (operation === null) return ''
  const named = operation as { $name?: string; name?: string }
  return named.$name ?? named.name ?? ''
}

function objectName(object: unknown): string {
  if (object === null || typeof object !== 'object') return typeof object === 'number' ? `${object}` : ''
  const h = hidden(object)
  const type = object.constructor?.name ?? 'object'
  const owner = h.$parent ? `${h.$parent.constructor?.name ?? ''}.${h.$field}:` : ''
  return owner + type
}
