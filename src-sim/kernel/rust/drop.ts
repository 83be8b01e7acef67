import { KernelObject } from '../../engine/object'
import { call, type Sim } from '../../engine/suspend'
import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import { frame } from '../api'
import { ruleBroken } from './broken-rule'

declare global {
  interface SymbolConstructor {
    readonly dispose: unique symbol
  }
  interface Disposable {
    [Symbol.dispose](): void
  }
}

/** What became of a value: it is here, somebody else has it now, or it is gone. */
type Ownership = 'owned' | 'moved' | 'dropped'

/**
 * A value that owns something, as one with drop glue in Rust. It is a handle: what is owned stands
 * elsewhere, so that moving makes a new handle and leaves a dead one behind.
 */
export abstract class Owned extends KernelObject {
  /** @internal */
  $ownership: Ownership = 'owned'

  declare [Symbol.dispose]: () => void

  /** @internal What the end of this value means for what it owns. */
  abstract $drop(): Sim | void

  /** @internal How the type is called in Rust. */
  get $rustName(): string {
    return this.constructor.name
  }

  /** @internal Before any use: false, after a finding, when the value is not here any more. */
  $live(): boolean {
    if (this.$ownership === 'owned') return true
    const moved = this.$ownership === 'moved'
    ruleBroken(
      moved ? 'use-after-move' : 'use-after-drop',
      `rust: ${moved ? 'use of moved value' : 'borrow of dropped value'}: \`${this.$rustName}\``,
      [],
      [this],
    )
    return false
  }

  /** @internal The same value under a new handle; this one is dead from here on. */
  $move(): this {
    this.$live()
    const target = Object.assign(Object.create(Object.getPrototypeOf(this) as object), this) as this
    target.$id = 0
    target.$parent = null
    target.$field = ''
    this.$ownership = 'moved'
    return target
  }
}

/** Structures of the lab that have been dropped: dropping them again does nothing. */
const droppedStructs = service(() => new WeakSet<object>())

/** Takes a value over from its owner. Structures without a handle stay what they are. */
export function takeOwnership<T>(value: T): T {
  return value instanceof Owned ? value.$move() : value
}

/**
 * `drop_in_place`: the value's own `drop()` if it has one, then its fields in the order of their
 * declaration. Nothing happens to what has been moved or dropped already.
 */
export function dropInPlace(value: unknown): Sim | undefined {
  const work = dropWork(value)
  return work && frame('drop_in_place', work)
}

function dropWork(value: unknown): Sim | undefined {
  if (value === null || typeof value !== 'object') return undefined
  if (value instanceof Owned) {
    if (value.$ownership !== 'owned') return undefined
    value.$ownership = 'dropped'
    return value.$drop() ?? undefined
  }
  if (value instanceof KernelObject || ArrayBuffer.isView(value)) return undefined
  return dropStruct(value)
}

function* dropStruct(value: object): Sim {
  const gone = droppedStructs(machine())
  if (gone.has(value)) return
  gone.add(value)
  const { drop } = value as { drop?: () => void }
  if (typeof drop === 'function') yield* call(() => drop.call(value))
  for (const field of fieldsOf(value)) yield* dropNow(field)
}

/** The same for kernel code that waits for it. */
export function* dropNow(value: unknown): Sim {
  const work = dropInPlace(value)
  if (work) yield* work
}

function fieldsOf(value: object): Iterable<unknown> {
  if (Array.isArray(value)) return value as unknown[]
  if (value instanceof Map) return value.values()
  if (value instanceof Set) return value
  return Object.keys(value)
    .filter((key) => key.charCodeAt(0) !== 36)
    .map((key) => (value as Record<string, unknown>)[key])
}

/** `core::mem::forget`: nobody drops this any more; what it owns stays as it is. */
export function forget(value: unknown): void {
  if (value instanceof Owned && value.$live()) value.$ownership = 'moved'
  else if (value !== null && typeof value === 'object') droppedStructs(machine()).add(value)
}

