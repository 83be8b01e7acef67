import type { Position } from './position'
import { Suspend, type Suspension } from './suspend'

/**
 * The object that compiled lab code knows as `$`: the whole contract between the compiler and the
 * engine. One instance per machine; the machine is the only writer besides compiled code.
 *
 * Shape of compiled code (every driver function is a generator function):
 *
 *   function body    $.p = POS; if ($.dead[FILE]) $.unloaded(POS)
 *   kernel call      (a = x, b = y, $.p = POS, f.$quiet || (yield $.point(f, a)),
 *                     (t = f(a, b)) instanceof $.Suspend ? yield t : t)
 *                    for functions imported from 'linux/...', 'user/...' and 'klab/...'
 *   other call       (t = g(x), $.p = POS, t instanceof $.Suspend ? yield t : t) with POS set before the call too
 *   member access    (o = x, $.p = POS, o.$dead === undefined || $.bad(o, 'field', write), o.field);
 *                    with `$.watch` set also `($.watch && (t = $.access(o, 'field', write)) && (yield t))`
 *                    before the access, where the function can suspend
 *   indexed access   as member access; on typed arrays `$.index(o, i, write)` reports out-of-bounds
 *   loop back-edge   --$.fuel < 0 && (yield $.burn(POS))
 *   new X(...)       $.made(new X(...))
 *   native callbacks calls by name of map, filter, sort, ...: $.twin(o, 'map') answers a generator
 *                    twin when `o` is a native array, Map, Set or string, else undefined
 */
export interface Runtime {
  /** Where the running code is. Written before every call, access and allocation. */
  p: Position
  /** `dead[file]`: the text of this file has been unloaded. */
  readonly dead: Uint8Array
  readonly Suspend: typeof Suspend
  /** Loop turns left before the engine looks in. */
  fuel: number
  /** Whether member accesses on shared objects are scheduling points and are watched for races. */
  watch: boolean

  /** The text that runs at `pos` is gone: reports and does not return. */
  unloaded(pos: Position): never
  /** The suspension to yield before a kernel function is called with this first argument. */
  point(f: object, first: unknown): Suspension
  /** `object.$dead` is set: reports the access (KASAN) and ends the task, or answers the object. */
  bad(object: object, field: PropertyKey, write: boolean): void
  /** Asked only while `watch` is set; answers a suspension when others could see this access. */
  access(object: unknown, field: PropertyKey, write: boolean): Suspension | undefined
  /** Bounds check of an indexed access to a buffer; reports slab-out-of-bounds. */
  index(object: unknown, index: unknown, write: boolean): void
  /** Refills `fuel` and answers the suspension for the loop at `pos`. */
  burn(pos: Position): Suspension
  /**
   * Adopts an object just constructed by lab code: links embedded kernel structures to it (for
   * container_of) and, at module scope, makes it part of the module's data. Answers the object.
   */
  made<T>(object: T): T
  /** Called once for each function declared at the top level of a file: names its text. */
  text(f: object, pos: Position): void
  /** Runs a suspendable computation to its end where suspending is impossible (constructors,
   * accessors, `toString`, iterators): anything that would have to wait is reported. */
  atomic<T>(result: unknown): T
  /** True for the engine's own exceptions (the task is being ended): `catch` must let them pass. */
  fatal(error: unknown): boolean
}

/** Marks kernel functions that nobody else can observe: no scheduling point before them. */
export interface MaybeQuiet {
  $quiet?: true
}

/** Hidden field set on an object, and on all that is embedded in it, when its memory is freed. */
export interface MaybeDead {
  $dead?: unknown
}
