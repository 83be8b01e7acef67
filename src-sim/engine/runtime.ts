import type { Position } from './position'
import { Suspend, type Suspension } from './suspend'

/**
 * The object that compiled lab code knows as `$`: the whole contract between the compiler and the
 * engine. One instance per machine; the machine is the only writer besides compiled code.
 *
 * A file is compiled to `(function ($, $imports, $exports, $lib) { ... })`. In what follows, t
 * stands for a temporary and S for `$.Suspend`. Functions become generator functions, except
 * those in which nothing can suspend, which stay plain, and those that the language itself
 * calls, which are *atomic*: constructors, accessors, field initialisers, toString, valueOf,
 * toJSON, iterators, and the top level of the file. Atomic code writes `$.atomic(x)` where other
 * code writes `yield x`, and has neither points nor watched accesses.
 *
 *   function body    $.p = POS; if ($.dead[FILE]) $.unloaded(POS)
 *   kernel call      ($.p = POS, f.$quiet || (yield $.point(f, a), $.p = POS),
 *                     (t = f(a, b)) instanceof S ? yield t : t)
 *                    for functions imported from 'linux/...', 'user/...' and 'klab/...'; what the
 *                    arguments read is read before the point
 *   other call       ($.p = POS, (t = g(x)) instanceof S ? yield t : t)
 *   member access    ($.p = POS,
 *                     $.watch && (t = $.access(o, 'field', write)) && (yield t, $.p = POS),
 *                     o?.$dead === undefined || $.bad(o, 'field', write), o.field)
 *                    NULL is left to the access itself, whose error names the field; a read that
 *                    gives undefined is followed by $.missing(o, 'field');
 *                    `o.x += v` and `o.x++` are a read and a write, each with all of this
 *   indexed access   as member access, then $.index(o, i, write) when i is a number and o[i] is
 *                    undefined: beyond the end of a buffer, or a hole, which is no error
 *   shared variable  `let` of the top level that functions change: as a member access of $exports,
 *                    without the test of $dead
 *   loop turn        --$.fuel < 0 && (yield $.burn(POS))
 *   new X(...)       $.made(new X(...)), but not for classes of the language
 *   catch (e)        if ($.fatal(e)) throw e; `finally` is passed by in the same way
 *   native callbacks `o.map(f)` and the like: $lib.callee(o.map).call(o, f), perhaps a generator
 *
 * Positions are those of the name that is called or accessed.
 */
export interface Runtime {
  /** Where the running code is. Written before every call, access and allocation. */
  p: Position
  /** `dead[file]`: the text of this file has been unloaded. */
  readonly dead: ArrayLike<number>
  readonly Suspend: typeof Suspend
  /** Loop turns left before the engine looks in. */
  fuel: number
  /** Whether member accesses on shared objects are scheduling points and are watched for races. */
  watch: boolean

  /** The text that runs at `pos` is gone: reports and does not return. */
  unloaded(pos: Position): never
  /** The suspension to yield before a kernel function is called, with its first argument. */
  point(f: object, first?: unknown): Suspension
  /** `object.$dead` is set: reports the access (KASAN) and ends the task, or answers the object. */
  bad(object: object, field: PropertyKey, write: boolean): void
  /** Asked only while `watch` is set; answers a suspension when others could see this access. */
  access(object: unknown, field: PropertyKey, write: boolean): Suspension | undefined
  /** A read gave undefined: reports it when the structure has no such member at all. */
  missing(object: unknown, field: string): undefined
  /** Bounds check of an indexed access to a buffer; reports slab-out-of-bounds. */
  index(object: unknown, index: unknown, write: boolean): void
  /** Told where a long loop or a large allocation of the lab is, for post-mortems. */
  looping?: ((pos: Position) => void) | null
  /** Refills `fuel` and answers the suspension for the loop at `pos`. */
  burn(pos: Position): Suspension
  /**
   * Adopts an object just constructed by lab code: links embedded kernel structures to it (for
   * container_of) and, at module scope, makes it part of the module's data. Answers the object.
   */
  made<T>(object: T): T
  /**
   * Names the text of a function: once for each that is declared at the top level of a file, and
   * for each that is written where the kernel gets it. Answers the function.
   */
  text<F extends object>(f: F, pos: Position): F
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
