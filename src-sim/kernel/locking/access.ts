import { Hook } from '../../base/disposable'
import { machine } from '../../engine/current'
import { hidden } from '../../engine/object'
import { service } from '../../engine/service'
import { memoryAccess } from '../mm/watch'

export type BarrierKind = 'full' | 'read' | 'write' | 'acquire' | 'release'

/** What an assertion rules out for everybody else: writing, or any access. */
export type Exclusive = 'writes' | 'accesses'

class MarkedAccesses {
  readonly on = {
    marked: new Hook<[object: object, field: PropertyKey, write: boolean]>(),
    /** An atomic operation that orders: what was done before is seen by whoever sees it. */
    acquire: new Hook<[object: object]>(),
    release: new Hook<[object: object]>(),
    barrier: new Hook<[kind: BarrierKind]>(),
    exclusive: new Hook<[object: object, field: PropertyKey, others: Exclusive]>(),
  }
}

export const markedAccesses = service(() => new MarkedAccesses())

/**
 * An access by a kernel function on behalf of a driver: dead memory shows itself, races are
 * marked.
 */
export function markAccess(object: object, field: PropertyKey, write: boolean): void {
  const m = machine()
  if (hidden(object).$dead !== undefined) memoryAccess(m).touch(object, String(field), write)
  const { marked } = markedAccesses(m).on
  if (marked.listened) marked.emit(object, field, write)
}

/** Before a store that publishes: everything done so far belongs to it. */
export function releaseOn(object: object): void {
  const { release } = markedAccesses(machine()).on
  if (release.listened) release.emit(object)
}

/** After a load that subscribes: sees everything done before what it read was stored. */
export function acquireOn(object: object): void {
  const { acquire } = markedAccesses(machine()).on
  if (acquire.listened) acquire.emit(object)
}

export function memoryBarrier(kind: BarrierKind): void {
  const { barrier } = markedAccesses(machine()).on
  if (barrier.listened) barrier.emit(kind)
}

/** Says that nobody else does such a thing to a field at this time. */
export function assertExclusive(object: object, field: PropertyKey, others: Exclusive): void {
  const { exclusive } = markedAccesses(machine()).on
  if (exclusive.listened) exclusive.emit(object, field, others)
}
