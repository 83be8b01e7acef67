import type { Machine } from '../engine/machine'
import { hidden } from '../engine/object'
import { modules } from '../kernel/base/module'
import { visitMembers } from '../kernel/mm/embed'
import { slab } from '../kernel/mm/slab'
import { memoryAccess } from '../kernel/mm/watch'
import { describeObject, report } from '../kernel/report'

/**
 * A pointer to one kind of structure that is used as another kind: C reads whatever lies there. It
 * shows when a member is read that the structure does not have and another one does. A member that
 * nobody has is one of the kernel's that is not modelled: it reads as if it were zero.
 */
export function attachWrongType(machine: Machine): void {
  memoryAccess(machine).on.missing.add((object, field) => wrongType(machine, object, field))
}

function wrongType(machine: Machine, object: object, field: string): void {
  const meant = structureWith(machine, field)
  if (meant === null) return
  const type = typeName(machine, object)
  report(machine, {
    kind: 'type.confusion',
    title: 'BUG: pointer of the wrong type used in %f',
    details: [
      `Read of member '${field}', but what is there is a ${type}${place(machine, object)}.`,
      `A ${typeName(machine, meant)} has such a member.`,
    ],
    objects: [object],
    help: 'wrong-types',
  })
}

/** A structure of the lab that has the member: what the code takes the pointer for, most likely. */
function structureWith(machine: Machine, field: string): object | null {
  for (const structure of structures(machine)) {
    let found: object | null = null
    visitMembers(structure, (member) => {
      if (field in member) found ??= member
    })
    if (found !== null) return found
  }
  return null
}

/** What is allocated, and the data of the modules. */
function* structures(machine: Machine): Iterable<object> {
  for (const { object } of slab(machine).live) yield object
  for (const { $statics } of modules(machine).all) yield* $statics
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
