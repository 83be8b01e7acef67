import { KernelObject } from '../../engine/object'
import { Arc, KBox, type ArcInner } from './boxes'
import { Owned } from './drop'
import { refGet } from '../locking/refcount'

/** `kernel::sync::ArcBorrow`: an `Arc` that somebody else owns, for the time of a call. */
export class ArcBorrow<T> extends KernelObject {
  /** @internal */
  readonly $inner: ArcInner<T>

  /** @internal */
  constructor(inner: ArcInner<T>) {
    super()
    this.$inner = inner
  }

  get value(): T {
    return this.$inner.data
  }

  /** A handle of one's own. */
  into(): Arc<T> {
    refGet(this.$inner.refcount)
    return new Arc(this.$inner)
  }
}

/** `ForeignOwnable`: owners that C can keep for us as a pointer. */
export type Foreign<T> = Arc<T> | KBox<T>

/** What the owner behind a C pointer lends to a callback. */
export type BorrowedOf<P> = P extends Arc<infer T> ? ArcBorrow<T> : P extends KBox<infer T> ? T : P

/** As `ForeignOwnable::borrow`. */
export function borrowOf<P>(pointer: P): BorrowedOf<P> {
  if (pointer instanceof Arc) return new ArcBorrow(pointer.$inner) as unknown as BorrowedOf<P>
  if (pointer instanceof KBox) return pointer.value as BorrowedOf<P>
  return pointer as unknown as BorrowedOf<P>
}

/** The structure that an owner points to. */
export const pointee = (pointer: Owned): object =>
  (pointer as Arc<object> | KBox<object>).$inner.data

/** The first member of a structure that is a `type`. */
export function memberOf<M>(
  structure: object, type: abstract new (...args: never[]) => M,
): M | null {
  for (const key of Object.keys(structure)) {
    const value = (structure as Record<string, unknown>)[key]
    if (value instanceof type) return value
  }
  return null
}
