import type { Transition } from '../transition'

/** Who moves in a transition, by a name that is the same in every schedule. */
export function nameOfActor(t: Transition): string {
  switch (t.kind) {
    case 'event':
      return 'time'
    case 'interrupt':
      return `!${t.interrupt!.name}`
    default:
      return t.exec!.name
  }
}
