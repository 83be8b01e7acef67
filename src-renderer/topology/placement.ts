import type { Graph } from './graph'

export interface Point {
  readonly x: number
  readonly y: number
}

/** Where edges point: boxes are flat, so down fits all but very wide panels better. */
export type Flow = 'down' | 'right'

export const NODE_WIDTH = 176
export const NODE_HEIGHT = 46
/** From one box to the next along an edge: room for its label. */
const ALONG = { down: { x: 0, y: NODE_HEIGHT + 44 }, right: { x: NODE_WIDTH + 90, y: 0 } } as const
/** From one box to the next beside it. */
const BESIDE = { down: { x: NODE_WIDTH + 22, y: 0 }, right: { x: 0, y: NODE_HEIGHT + 22 } } as const

const WIDE = 2.2
export const flowFor = (width: number, height: number): Flow => (width > WIDE * height ? 'right' : 'down')

/**
 * Remembers where each node was put, so that the picture does not jump as time moves: a node that
 * comes back is where it was, and a new one takes a free place near those it is joined to.
 */
export class Placement {
  readonly #places = new Map<string, Point>()
  flow: Flow = 'down'

  at(id: string): Point | undefined {
    return this.#places.get(id)
  }

  set(id: string, point: Point): void {
    this.#places.set(id, point)
  }

  clear(): void {
    this.#places.clear()
  }

  get size(): number {
    return this.#places.size
  }

  missing(graph: Graph): string[] {
    return graph.nodes.flatMap((node) => (this.#places.has(node.id) ? [] : [node.id]))
  }

  /** A whole new layout is worth the jump only when most of the picture is new. */
  needsLayout(graph: Graph): boolean {
    const missing = this.missing(graph).length
    return missing > 0 && missing > (graph.nodes.length - missing) / 2
  }

  /** Finds places for the nodes that have none, leaving all others alone. */
  placeMissing(graph: Graph): void {
    const missing = new Set(this.missing(graph))
    while (missing.size > 0) {
      const id = nextToPlace(graph, missing)
      missing.delete(id)
      this.#places.set(id, this.#freePlace(this.#wish(graph, id)))
    }
  }

  #wish(graph: Graph, id: string): Point {
    const step = ALONG[this.flow]
    for (const edge of graph.edges) {
      const holder = edge.to === id ? this.#places.get(edge.from) : undefined
      if (holder) return { x: holder.x + step.x, y: holder.y + step.y }
      const held = edge.from === id ? this.#places.get(edge.to) : undefined
      if (held) return { x: held.x - step.x, y: held.y - step.y }
    }
    const below = BESIDE.right.y
    const lowest = Math.max(-below, ...[...this.#places.values()].map((point) => point.y))
    return { x: 0, y: lowest + below }
  }

  /** Tries the wished place, then both sides of it, ever further away. */
  #freePlace(wish: Point): Point {
    const step = BESIDE[this.flow]
    for (let ring = 0; ring < 200; ring++) {
      for (const side of [1, -1]) {
        const point = { x: wish.x + side * ring * step.x, y: wish.y + side * ring * step.y }
        if (!this.#taken(point)) return point
      }
    }
    return wish
  }

  #taken(point: Point): boolean {
    for (const other of this.#places.values()) {
      const far = Math.abs(other.x - point.x) >= NODE_WIDTH + 12 || Math.abs(other.y - point.y) >= NODE_HEIGHT + 8
      if (!far) return true
    }
    return false
  }
}

/** One that is joined to a placed node, if there is any, else the first. */
function nextToPlace(graph: Graph, missing: ReadonlySet<string>): string {
  for (const edge of graph.edges) {
    if (missing.has(edge.to) && !missing.has(edge.from)) return edge.to
    if (missing.has(edge.from) && !missing.has(edge.to)) return edge.from
  }
  return missing.values().next().value!
}
