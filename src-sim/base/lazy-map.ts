/** A map with known keys whose values are made when they are first asked for. */
export class LazyMap<K, V> implements ReadonlyMap<K, V> {
  readonly #makers: ReadonlyMap<K, () => V>
  readonly #made = new Map<K, V>()

  constructor(makers: ReadonlyMap<K, () => V>) {
    this.#makers = makers
  }

  get size(): number {
    return this.#makers.size
  }

  has(key: K): boolean {
    return this.#makers.has(key)
  }

  get(key: K): V | undefined {
    const known = this.#made.get(key)
    if (known !== undefined) return known
    const make = this.#makers.get(key)
    if (make === undefined) return undefined
    const value = make()
    this.#made.set(key, value)
    return value
  }

  keys(): MapIterator<K> {
    return this.#makers.keys()
  }

  *values(): Generator<V, undefined> {
    for (const [, value] of this) yield value
  }

  *entries(): Generator<[K, V], undefined> {
    for (const key of this.#makers.keys()) yield [key, this.get(key)!]
  }

  [Symbol.iterator](): Generator<[K, V], undefined> {
    return this.entries()
  }

  forEach(visit: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this) visit(value, key, this)
  }
}
