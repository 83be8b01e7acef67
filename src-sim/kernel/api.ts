import { Suspend, Suspension, type Sim } from '../engine/suspend'

/**
 * How a kernel function becomes what drivers call. Drivers see plain synchronous C signatures; the
 * functions behind them may answer a generator, which compiled code hands to the engine.
 */

/**
 * Exports a function that may suspend under its C name. The name is what backtraces, choices and
 * the trace show.
 *
 *   export const mutex_lock = kernelCall('mutex_lock', mutexLock)
 */
export function kernelCall<Args extends unknown[], Result>(
  name: string,
  f: (...args: Args) => Sim<Result> | Result,
): (...args: Args) => Result {
  const named = f as unknown as { $name?: string; prototype?: { $name?: string } }
  if (!named.prototype) return naming(name, f)
  named.$name = name
  named.prototype.$name = name
  return f as unknown as (...args: Args) => Result
}

/** An arrow function makes no generators of its own: what it hands out is named one by one. */
function naming<Args extends unknown[], Result>(
  name: string,
  f: (...args: Args) => Sim<Result> | Result,
): (...args: Args) => Result {
  const call = (...args: Args): Sim<Result> | Result => {
    const result: unknown = f(...args)
    if (result instanceof Suspend && !(result instanceof Suspension))
      (result as { $name?: string }).$name = name
    return result as Sim<Result> | Result
  }
  return Object.assign(call, f, { $name: name }) as unknown as (...args: Args) => Result
}

/**
 * The same for a function that hands out the generator of another one: its frame gets the name
 * that drivers called it by.
 *
 *   export const on_each_cpu = kernelFrame('on_each_cpu', (fn) => callOnCpus(all(), fn))
 */
export function kernelFrame<Args extends unknown[], Result>(
  name: string,
  f: (...args: Args) => Sim<Result>,
): (...args: Args) => Result {
  return naming(name, f)
}

/** Marks functions that nobody else can observe: no scheduling point before a call of them. */
export function quiet<F extends (...args: never[]) => unknown>(f: F): F {
  ;(f as { $quiet?: true }).$quiet = true
  return f
}

/** Gives a function a cost in virtual time other than the default, in nanoseconds. */
export function costs<F extends (...args: never[]) => unknown>(ns: number, f: F): F {
  ;(f as { $cost?: number }).$cost = ns
  return f
}

/** Gives kernel generators that are pushed as frames by themselves a name for backtraces. */
export function named<F extends (...args: never[]) => Sim<unknown>>(name: string, f: F): F {
  ;(f as unknown as { prototype: { $name?: string } }).prototype.$name = name
  return f
}

/** Names one generator that a fast path hands out as the slow path of a kernel function. */
export function frame<G extends Sim<unknown>>(name: string, generator: G): G {
  ;(generator as { $name?: string }).$name = name
  return generator
}

/** Runs a step of a kernel function in a frame of its own: backtraces show it by its C name. */
export function* step<T>(name: string, body: Sim<T>): Sim<T> {
  return (yield frame(name, body)) as T
}
