import { Hook } from '../../base/disposable'
import type { MemoryWatch } from '../../engine/driver-runtime'
import { now } from '../../engine/current'
import type { Exec } from '../../engine/exec'
import type { Machine } from '../../engine/machine'
import { hidden, KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { POINT, type Suspension } from '../../engine/suspend'
import { embedMembers } from './embed'

/** An access by lab code, as checkers see it. */
export interface Access {
  object: object
  field: PropertyKey
  write: boolean
}

const SHARED = -1

/**
 * Where compiled code and the kernel announce memory accesses. Objects are private to the first
 * context that touches them until another one does: only then can the order of accesses matter,
 * and only then is an access a scheduling point.
 */
export class MemoryAccess implements MemoryWatch {
  readonly on = {
    /** An access to memory that has been freed (or is static data of an unloaded module). */
    dead: new Hook<[object, PropertyKey, boolean, inside: string]>(),
    /** A read of a member that the structure does not have. */
    missing: new Hook<[object, string]>(),
    /** An index outside a buffer. */
    outOfBounds: new Hook<[object, number, boolean]>(),
    /** Any access to an object that more than one context uses (only while watching). */
    shared: new Hook<[Access, Exec]>(),
    /** Every access, whoever uses the object (only while watching). */
    every: new Hook<[object, PropertyKey, boolean, Exec]>(),
  }
  /** Takes objects made while a module's top level runs: they are its static data. */
  ownStatic: ((object: object) => void) | null = null

  bad(object: object, field: PropertyKey, write: boolean): void {
    this.on.dead.emit(object, field, write, '')
  }

  /** The kernel function `inside` is about to use `object`: reports it when its memory is gone. */
  touch(object: object, field: string, write: boolean, inside = ''): void {
    if (hidden(object).$dead !== undefined) this.on.dead.emit(object, field, write, inside)
  }

  access(object: unknown, field: PropertyKey, write: boolean): Suspension | undefined {
    const exec = now.exec
    if (object === null || typeof object !== 'object' || exec === null) return undefined
    if (this.on.every.listened) this.on.every.emit(object, field, write, exec)
    const o = object as { $user?: number }
    if (o.$user === undefined) {
      if (!Object.isExtensible(object)) return undefined
      o.$user = exec.id
      return undefined
    }
    if (o.$user === exec.id) return undefined
    o.$user = SHARED
    if (this.on.shared.listened) this.on.shared.emit({ object, field, write }, exec)
    POINT.operation = null
    POINT.object = object
    POINT.field = String(field)
    POINT.write = write
    POINT.fromLab = false
    return POINT
  }

  missing(object: object, field: string): void {
    if (isStructure(object)) this.on.missing.emit(object, field)
  }

  index(object: unknown, index: unknown, write: boolean): void {
    if (!ArrayBuffer.isView(object) || typeof index !== 'number') return
    const { length } = object as Uint8Array
    if (index < 0 || index >= length) this.on.outOfBounds.emit(object, index, write)
  }

  made<T>(object: T): T {
    if (object !== null && typeof object === 'object') {
      embedMembers(object)
      this.ownStatic?.(object)
    }
    return object
  }
}

/** What C would know by its address: a structure of the kernel's, or memory of a driver's. */
function isStructure(object: object): boolean {
  if (Object.getPrototypeOf(object) === Object.prototype) return false
  const { $alloc, $parent } = hidden(object)
  return object instanceof KernelObject || Boolean($alloc ?? $parent)
}

export const memoryAccess = service((machine) => install(machine))

function install(machine: Machine): MemoryAccess {
  const memory = new MemoryAccess()
  machine.runtime.memory = memory
  return memory
}
