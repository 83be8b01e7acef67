/**
 * What a running function hands to the engine when it cannot simply go on: either a generator
 * (a call whose frame the engine pushes) or a `Suspension` (a request to the scheduler).
 *
 * Compiled driver code tells both from ordinary values by one test, `value instanceof Suspend`:
 * `Suspend.prototype` is the prototype of all generators, and `Suspension` inherits from it too.
 */
const generatorPrototype: object = Object.getPrototypeOf(
  Object.getPrototypeOf((function* () {})()),
)

/**
 * The built-in methods, taken once: looking them up through the frame's own prototype would miss
 * every cache, because each loading of a lab makes new generator functions.
 */
const { next, throw: throwInto } = generatorPrototype as Generator<unknown, unknown, unknown>

export const resumeFrame = (frame: Sim<unknown>, value: unknown): IteratorResult<unknown, unknown> =>
  next.call(frame, value)

export const failFrame = (frame: Sim<unknown>, error: unknown): IteratorResult<unknown, unknown> =>
  throwInto.call(frame, error)

export const Suspend = function Suspend(): void {} as unknown as { new (): unknown }
Object.defineProperty(Suspend, 'prototype', { value: generatorPrototype, writable: false })

/** A computation of the simulated machine: yields calls and suspensions, returns its C result. */
export type Sim<T = void> = Generator<unknown, T, any>

/** What the scheduler is asked to do. */
export type SuspendKind =
  | 'point' // about to do something that others could see: any enabled transition may go first
  | 'schedule' // the task gives up the CPU (it sleeps unless its state is RUNNING)
  | 'spin' // busy-wait on this CPU until `Machine.unspin(object)`
  | 'relax' // one turn of a polling loop: others should move
  | 'loop' // many loop turns without any other suspension

/**
 * There is at most one live suspension at a time (it is consumed by the engine before anything
 * else runs), hence the shared instances below instead of fresh objects.
 */
export class Suspension {
  readonly kind: SuspendKind
  constructor(kind: SuspendKind) {
    this.kind = kind
  }
  /** The kernel function about to be called; names the operation in a recorded choice. */
  operation: object | null = null
  /** Its first argument, or the thing waited for: what the operation acts upon. */
  object: unknown = null
  /** For access points: the field, and whether it is written. */
  field = ''
  write = false
  /** The operation is called by lab code (not by the kernel itself). */
  fromLab = false
}
Object.setPrototypeOf(Suspension.prototype, generatorPrototype)

export const POINT = new Suspension('point')
export const SCHEDULE = new Suspension('schedule')
export const SPIN = new Suspension('spin')
export const RELAX = new Suspension('relax')
export const LOOP = new Suspension('loop')

/** A scheduling point inside kernel code: `yield point(queueWork, work)`. */
export function point(operation: object, object: unknown): Suspension {
  POINT.operation = operation
  POINT.object = object
  POINT.field = ''
  POINT.fromLab = false
  return POINT
}

/** Busy-waits until somebody calls `machine.unspin(object)`; then test the condition again. */
export function spinOn(object: object): Suspension {
  SPIN.object = object
  return SPIN
}

/**
 * Calls a function that may be a driver's (compiled, suspendable) or plain, from kernel code:
 * `const ret = yield* call(() => drv.probe(dev, id))`.
 */
export function* call<T>(thunk: () => T): Sim<T> {
  const result: unknown = thunk()
  return (result instanceof Suspend ? yield result : result) as T
}
