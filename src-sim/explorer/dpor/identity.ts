import type { Transition } from '../../engine/transition'

const KINDS = 4
/** Actors that are no contexts have numbers below zero. */
const CLOCK = -1

/**
 * Names a transition by what existed before it could happen, so that it has the same name after
 * other transitions that have nothing to do with it.
 */
export function keyOf(t: Transition): number {
  switch (t.kind) {
    case 'step':
      return t.exec!.id * KINDS
    case 'switch':
      return t.exec!.id * KINDS + 1
    case 'interrupt':
      return t.cpu!.id * KINDS + 2
    case 'event':
      return 3
  }
}

/** Who moves: a context, a CPU that takes an interrupt, or the clock. */
export function actorOf(t: Transition): number {
  switch (t.kind) {
    case 'event':
      return CLOCK
    case 'interrupt':
      return CLOCK - 1 - t.cpu!.id
    default:
      return t.exec!.id
  }
}
