/**
 * A variable of the kernel that changes under its readers (`jiffies`), or that each machine has
 * its own of (`system_wq`). Lab code reads it as a plain name: the table of importable modules
 * turns it into a getter. Code that imports the module itself sees this object, which counts as
 * its value in arithmetic.
 */
export class Live<T> {
  readonly read: () => T

  constructor(read: () => T) {
    this.read = read
  }

  valueOf(): T {
    return this.read()
  }
}

export const live = <T>(read: () => T): T => new Live(read) as unknown as T

/** The value behind a name, however it was read. */
export const settle = <T>(value: T): T =>
  value instanceof Live ? (value as unknown as Live<T>).read() : value

/**
 * A module as lab code sees it: a copy, since what bundlers hand out as a module may have getters
 * for all names, and then nobody could tell which of them are alive.
 */
export function withLiveNames(
  module: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const seen: Record<string, unknown> = {}
  for (const name of Object.keys(module)) {
    const value = module[name]
    if (value instanceof Live)
      Object.defineProperty(seen, name, { enumerable: true, get: () => value.read() as unknown })
    else seen[name] = value
  }
  return seen
}
