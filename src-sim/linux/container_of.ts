import { machine } from '../engine/current'
import { TaskDeath } from '../engine/exec'
import { hidden } from '../engine/object'
import { quiet } from '../kernel/api'
import { report } from '../kernel/report'

/** From a member to the structure around it: `linux/container_of`. */

/**
 * The structure of class `type` that contains `pointer` as its member `member` (`'work'`, or a
 * path such as `'ring.work'`). A pointer that is not there is reported: C would compute garbage.
 */
export const container_of = quiet(function container_of<T extends object>(
  pointer: object,
  type: new (...args: never[]) => T,
  member: string & keyof T | string,
): T {
  let object: object = pointer
  for (const part of String(member).split('.').reverse()) {
    const h = hidden(object)
    if (!h.$parent || (h.$field !== part && h.$field?.split('[')[0] !== part)) return wrongContainer(type.name, member)
    object = h.$parent
  }
  if (!(object instanceof type)) return wrongContainer(type.name, member)
  return object
})

function wrongContainer(type: string, member: unknown): never {
  report(machine(), {
    kind: 'oops.container-of',
    title: 'klab: container_of in %f',
    details: [`The pointer is not the member '${String(member)}' of a ${type}.`],
    help: 'wrong-types',
  })
  throw new TaskDeath('container_of of a foreign pointer')
}

/** As `container_of`, for pointers to constants. */
export const container_of_const = container_of
