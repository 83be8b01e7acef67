import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { point, type Sim } from '../../engine/suspend'
import { kernelCall } from '../api'
import { ENOMEM } from '../errno'
import type { RefOwner } from '../locking/ref-ledger'
import { kref, refGet, refInit, refPut, refRead } from '../locking/refcount'
import { mightAlloc } from '../locking/fs-reclaim'
import { sizeOf } from '../mm/embed'
import { slab } from '../mm/slab'
import { memoryAccess } from '../mm/watch'
import { dropNow, Owned, takeOwnership } from './drop'
import { KernelError } from './error'

/** Places `object` on the heap; on failure the value in it is dropped and -ENOMEM thrown. */
function* place<T extends object>(object: T, value: unknown, flags: number): Sim<T> {
  mightAlloc('krealloc_node_align_noprof', flags)
  if (slab(machine()).alloc(object, sizeOf(object)) !== null) return object
  yield* dropNow(value)
  throw new KernelError(ENOMEM)
}

/** What an `Arc` points to: the count and the value, in one allocation. */
export class ArcInner<T> extends KernelObject {
  refcount = new kref()
  data: T

  constructor(data: T) {
    super()
    this.data = data
    this.refcount.$parent = this
    this.refcount.$field = 'refcount'
    refInit(this.refcount)
  }

  get $label(): string {
    return `Arc<${typeName(this.data)}>`
  }
}

/** How a value's type is called in Rust. */
export const typeName = (value: unknown): string =>
  value instanceof Owned ? value.$rustName : value === null || value === undefined ? '()' :
    typeof value === 'object' ? (value.constructor?.name ?? 'object') : typeof value

/**
 * `kernel::sync::Arc`: a counted reference. The count keeps the memory of the value and nothing
 * else: no binding, no hardware, no text. Each handle is dropped once; the last one drops the
 * value and frees it. `arc.value` is `*arc`.
 */
export class Arc<T> extends Owned {
  /** @internal */
  readonly $inner: ArcInner<T>
  /** @internal Whose the count is, where the kernel keeps it. */
  $owner: RefOwner | undefined

  /** @internal Takes over one count. */
  constructor(inner: ArcInner<T>) {
    super()
    this.$inner = inner
  }

  /** Moves `value` to the heap. Throws ENOMEM. May sleep with GFP_KERNEL. */
  static new<T>(value: T, flags: number): Arc<T> {
    return newArc(value, flags) as Arc<T>
  }

  /** As `Arc.new`: a structure that must not move never does here. */
  static pin_init<T>(value: T, flags: number): Arc<T> {
    return newArc(value, flags) as Arc<T>
  }

  /** Takes back a count that `into_raw` gave out. Unsafe. */
  static from_raw<T>(raw: ArcInner<T>): Arc<T> {
    return new Arc(raw)
  }

  static ptr_eq(a: Arc<unknown>, b: Arc<unknown>): boolean {
    return a.$inner === b.$inner
  }

  override get $rustName(): string {
    return `Arc<${typeName(this.$inner.data)}>`
  }

  /** One more handle, one more count. Any context. */
  clone(): Arc<T> {
    this.$live()
    refGet(this.$inner.refcount)
    return new Arc(this.$inner)
  }

  get value(): T {
    this.$live()
    memoryAccess(machine()).touch(this.$inner, 'data', false)
    return this.$inner.data
  }

  /** The count without the handle: somebody must call `from_raw` once. */
  into_raw(): ArcInner<T> {
    return this.$move().$inner
  }

  /** @internal */
  override $drop(): Sim | void {
    if (refPut(this.$inner.refcount, this.$owner)) return arcFree(this.$inner)
  }
}

/** The kernel keeps this pointer from now on: whoever looks for owners is told who has it. */
export function keepFor(pointer: unknown, holder: object, why: string): void {
  if (!(pointer instanceof Arc)) return
  const owner = { holder, why }
  refGet(pointer.$inner.refcount, owner)
  refPut(pointer.$inner.refcount, pointer.$owner)
  pointer.$owner = owner
}

/** How many handles there are. */
export const arcCount = (arc: Arc<unknown>): number => refRead(arc.$inner.refcount)

const newArc = kernelCall('Arc::new', function* (value: unknown, flags: number): Sim<Arc<unknown>> {
  yield point(newArc, value)
  const data = takeOwnership(value)
  return new Arc(yield* place(new ArcInner(data), data, flags))
})

function* arcFree(inner: ArcInner<unknown>): Sim {
  yield* dropNow(inner.data)
  slab(machine()).free(inner)
}

/** The memory of a `KBox`. */
export class BoxInner<T> extends KernelObject {
  data: T

  constructor(data: T) {
    super()
    this.data = data
  }
}

/** `kernel::alloc::KBox`: one owner on the heap. `box.value` is `*box`. */
export class KBox<T> extends Owned {
  /** @internal */
  readonly $inner: BoxInner<T>

  /** @internal */
  constructor(inner: BoxInner<T>) {
    super()
    this.$inner = inner
  }

  /** Moves `value` to the heap. Throws ENOMEM. May sleep with GFP_KERNEL. */
  static new<T>(value: T, flags: number): KBox<T> {
    return newBox(value, flags) as KBox<T>
  }

  static pin_init<T>(value: T, flags: number): KBox<T> {
    return newBox(value, flags) as KBox<T>
  }

  static from_raw<T>(raw: BoxInner<T>): KBox<T> {
    return new KBox(raw)
  }

  override get $rustName(): string {
    return `KBox<${typeName(this.$inner.data)}>`
  }

  get value(): T {
    this.$live()
    memoryAccess(machine()).touch(this.$inner, 'data', false)
    return this.$inner.data
  }

  set value(value: T) {
    this.$live()
    this.$inner.data = value
  }

  /** The pointer without the owner: somebody must call `from_raw` once. */
  into_raw(): BoxInner<T> {
    return this.$move().$inner
  }

  /** @internal */
  override *$drop(): Sim {
    yield* dropNow(this.$inner.data)
    slab(machine()).free(this.$inner)
  }
}

export function* boxNew<T>(value: T, flags: number): Sim<KBox<T>> {
  const data = takeOwnership(value)
  return new KBox(yield* place(new BoxInner(data), data, flags))
}

const newBox = kernelCall('KBox::new', function* (
  value: unknown, flags: number,
): Sim<KBox<unknown>> {
  yield point(newBox, value)
  return yield* boxNew(value, flags)
})
