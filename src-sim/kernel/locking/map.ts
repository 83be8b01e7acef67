import { machine } from '../../engine/current'
import { hidden, KernelObject } from '../../engine/object'
import { locking } from './locking'

/** How much waiting a lock needs (outer) or still allows inside it (inner). */
export const LD_WAIT_INV = 0
export const LD_WAIT_FREE = 1
export const LD_WAIT_SPIN = 2
export const LD_WAIT_CONFIG = 3
export const LD_WAIT_SLEEP = 4
export const LD_WAIT_MAX = 5

export type LockKind = 'normal' | 'percpu' | 'wait-override'

/** Names a class of locks by its identity. */
export class lock_class_key extends KernelObject {
  /** @internal Registered keys are the only ones allowed outside static data. */
  $registered = false
}

/** Orders two locks of one class: negative when the first may be taken before the second. */
export type LockCompare = (a: lockdep_map, b: lockdep_map) => number

/** What lock checkers know of one lock: which class it belongs to and how it may be used. */
export class lockdep_map extends KernelObject {
  name = ''
  /** @internal Same key, same class: an object, a place of initialisation, or a name. */
  $key: unknown = null
  /** @internal */
  $subclass = 0
  /** @internal */
  $outer = LD_WAIT_INV
  /** @internal */
  $inner = LD_WAIT_INV
  /** @internal */
  $kind: LockKind = 'normal'
  /** @internal False: held, but neither usage nor order is learned. */
  $validate = true
  /** @internal False: invisible. */
  $track = true
  /** @internal */
  $compare: LockCompare | null = null
  /** @internal The checker's classes by subclass. */
  $classes: unknown[] | null = null
}

export function initMap(
  map: lockdep_map,
  name: string,
  key: unknown,
  outer = LD_WAIT_INV,
  inner = LD_WAIT_INV,
  kind: LockKind = 'normal',
): lockdep_map {
  map.name = name
  map.$key = key
  map.$subclass = 0
  map.$outer = outer
  map.$inner = inner
  map.$kind = kind
  map.$validate = true
  map.$track = true
  map.$compare = null
  map.$classes = null
  return map
}

/** `&owner->field`, or what the caller of the initialiser was told. */
export function defaultLockName(lock: object): string {
  const h = hidden(lock)
  const named = (lock as { $label?: string }).$label
  if (named) return named
  if (h.$parent) return `&${h.$parent.constructor.name}->${h.$field!.replace(/\[\d+\]$/, '[]')}`
  return `&${lock.constructor.name}`
}

/**
 * Makes the map of a lock being initialised. Locks initialised by the same call in the source are
 * one class; a lock defined by a `DEFINE_` macro is a class of its own.
 */
export function initLockMap(
  lock: { dep_map: lockdep_map | null } & object,
  name: string | undefined,
  key: unknown,
  outer: number,
  inner: number,
): void {
  const m = machine()
  const map = (lock.dep_map ??= new lockdep_map())
  const hooks = locking(m).on.init
  if (hooks.listened && map.$key !== null) hooks.emit(map)
  const h = hidden(map)
  h.$parent = lock
  h.$field = 'dep_map'
  const text = name ?? defaultLockName(lock)
  const place = m.runtime.p
  const auto = place !== 0 ? place : hidden(lock).$parent ? text : lock
  initMap(map, text, key ?? auto, outer, inner)
}

/** The lock that a map belongs to; the map itself when it stands for no lock. */
export const lockOfMap = (map: lockdep_map): object => hidden(map).$parent ?? map
