import { service } from '../../engine/service'
import { PAGE_SIZE } from '../../base/units'

const POOL_BYTES = 128 * 1024

/**
 * Uncached memory for those that cannot sleep: a device that is not coherent needs new page table
 * entries for its memory, and making them may sleep.
 */
class AtomicPool {
  #left = POOL_BYTES
  readonly #taken = new WeakMap<Uint8Array, number>()

  take(bytes: number): boolean {
    if (bytes > this.#left) return false
    this.#left -= bytes
    return true
  }

  /** Remembers what was made of it. */
  made(cpu: Uint8Array, bytes: number): void {
    this.#taken.set(cpu, Math.max(bytes, PAGE_SIZE))
  }

  giveBack(cpu: Uint8Array): void {
    const bytes = this.#taken.get(cpu)
    if (bytes === undefined) return
    this.#taken.delete(cpu)
    this.#left += bytes
  }
}

export const atomicPool = service(() => new AtomicPool())
