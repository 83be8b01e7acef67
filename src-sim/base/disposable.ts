/** Whatever subscribes or opens returns one of these. Disposing twice is harmless. */
export interface Disposable {
  dispose(): void
}

export class DisposableStore implements Disposable {
  #items: Disposable[] = []
  #disposed = false

  add<T extends Disposable>(item: T): T {
    if (this.#disposed) item.dispose()
    else this.#items.push(item)
    return item
  }

  /** Disposes in reverse order of adding. */
  dispose(): void {
    this.#disposed = true
    for (let item = this.#items.pop(); item; item = this.#items.pop()) item.dispose()
  }
}

const NOBODY: readonly never[] = []

/**
 * A list of listeners. `emit` costs one length test when nobody listens. Lists are never changed
 * but replaced, so that listeners may come and go while the hook is being called.
 */
export class Hook<Args extends unknown[]> {
  #listeners: readonly ((...args: Args) => void)[] = NOBODY

  get listened(): boolean {
    return this.#listeners.length > 0
  }

  add(listener: (...args: Args) => void): Disposable {
    const before = this.#listeners
    this.#listeners = before.length === 0 ? [listener] : [...before, listener]
    return { dispose: () => (this.#listeners = this.#listeners.filter((l) => l !== listener)) }
  }

  emit(...args: Args): void {
    const listeners = this.#listeners
    for (let i = 0; i < listeners.length; i++) listeners[i]!(...args)
  }
}
