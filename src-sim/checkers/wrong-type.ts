import type { Machine } from '../engine/machine'
import { hidden } from '../engine/object'
import { memoryAccess } from '../kernel/mm/watch'
import { describeObject, report } from '../kernel/report'

/**
 * A pointer to one kind of structure that is used as another kind: C reads whatever lies there. It
 * shows when a member is read that the structure does not have.
 */
export function attachWrongType(machine: Machine): void {
  memoryAccess(machine).on.missing.add((object, field) => wrongType(machine, object, field))
}

function wrongType(machine: Machine, object: object, field: string): void {
  const type = typeName(machine, object)
  report(machine, {
    kind: 'type.confusion',
    title: 'BUG: pointer of the wrong type used in %f',
    details: [`Read of member '${field}', but what is there is a ${type}${place(machine, object)}.`],
    objects: [object],
    help: 'wrong-types',
  })
}

const typeName = (machine: Machine, object: object): string =>
  ArrayBuffer.isView(object)
    ? `buffer of ${object.byteLength} bytes`
    : `struct ${describeObject(machine, object).type}`

/** What the structure is embedded in, if anything. */
function place(machine: Machine, object: object): string {
  const { $parent, $field } = hidden(object)
  return $parent ? `, the member '${$field}' of a ${typeName(machine, $parent)}` : ''
}
