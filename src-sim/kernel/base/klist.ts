import { point, type Sim } from '../../engine/suspend'
import { WaitList } from '../sched/schedule'

interface Node<T> {
  readonly item: T
  users: number
  dead: boolean
}

/** A walk in steps: where it stands, on a node that it pins. */
export interface Walk<T> {
  node: Node<T> | null
}

/**
 * A list that can be walked while it changes: a walker pins the node it stands on, and a removed
 * node goes when the last walker has moved on (DM-28).
 */
export class KList<T extends object> {
  readonly #nodes: Node<T>[] = []
  readonly #leaving = new WaitList()
  readonly #put: ((item: T) => Sim) | null

  /** `put` drops what the list holds, once a removed item is really off it. */
  constructor(put: ((item: T) => Sim) | null = null) {
    this.#put = put
  }

  add(item: T): void {
    this.#nodes.push({ item, users: 0, dead: false })
  }

  has(item: T): boolean {
    return this.#find(item) !== undefined
  }

  get items(): T[] {
    return this.#nodes.filter((n) => !n.dead).map((n) => n.item)
  }

  get last(): T | undefined {
    return this.items.at(-1)
  }

  find(test: (item: T) => boolean): T | undefined {
    return this.#nodes.find((n) => !n.dead && test(n.item))?.item
  }

  /** Moves an item to the end: later walks meet it last. */
  toEnd(item: T): void {
    const node = this.#find(item)
    if (!node) return
    this.#nodes.splice(this.#nodes.indexOf(node), 1)
    this.#nodes.push(node)
  }

  sort(compare: (a: T, b: T) => number): void {
    this.#nodes.sort((a, b) => compare(a.item, b.item))
  }

  #find(item: T): Node<T> | undefined {
    return this.#nodes.find((n) => n.item === item && !n.dead)
  }

  /** Takes an item off without waiting for those who stand on it. */
  *delete(item: T): Sim<boolean> {
    const node = this.#find(item)
    if (!node) return false
    node.dead = true
    yield* this.#drop(node)
    return true
  }

  /** Takes an item off and waits until nobody stands on it. */
  *remove(item: T): Sim<boolean> {
    const node = this.#find(item)
    if (!node) return false
    node.dead = true
    if (node.users > 0) yield* this.#leaving.waitUntil(() => node.users === 0, item, 'klist_remove')
    yield* this.#drop(node)
    return true
  }

  /**
   * Calls `visit` for each item until one answers something other than 0, which is answered. The
   * next node is pinned before this one is let go: it is visited even if it is taken off just then.
   */
  *each(visit: (item: T) => Sim<number>): Sim<number> {
    let node = this.#after(-1)
    if (node) node.users++
    while (node) {
      const ret = yield* visit(node.item)
      const next: Node<T> | undefined =
        ret === 0 ? this.#after(this.#nodes.indexOf(node)) : undefined
      if (next) next.users++
      yield* this.#leave(node)
      if (ret !== 0) return ret
      node = next
    }
    return 0
  }

  /** Begins a walk in steps, behind `after` or at the beginning. */
  walk(after: T | null): Walk<T> {
    const node = (after && this.#find(after)) ?? null
    if (node) node.users++
    return { node }
  }

  /** The next item, pinned in place of the one before; null at the end. */
  *next(walk: Walk<T>): Sim<T | null> {
    const from = walk.node
    const to = this.#after(from ? this.#nodes.indexOf(from) : -1) ?? null
    if (to) to.users++
    walk.node = to
    if (from) yield* this.#leave(from)
    return to?.item ?? null
  }

  /** Ends a walk wherever it stands. */
  *end(walk: Walk<T>): Sim {
    const from = walk.node
    walk.node = null
    if (from) yield* this.#leave(from)
  }

  #after(index: number): Node<T> | undefined {
    for (let i = index + 1; i < this.#nodes.length; i++)
      if (!this.#nodes[i]!.dead) return this.#nodes[i]
    return undefined
  }

  *#leave(node: Node<T>): Sim {
    node.users--
    if (node.dead && node.users === 0) {
      this.#leaving.wakeAll()
      yield* this.#drop(node)
    }
    yield point(KList, node.item)
  }

  *#drop(node: Node<T>): Sim {
    if (node.users > 0) return
    const at = this.#nodes.indexOf(node)
    if (at < 0) return
    this.#nodes.splice(at, 1)
    if (this.#put) yield* this.#put(node.item)
  }
}
