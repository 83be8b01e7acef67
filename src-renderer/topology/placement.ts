import type { Graph } from './graph'

export interface Point {
  readonly x: number
  readonly y: number
}

export const NODE_WIDTH = 176
export const NODE_HEIGHT = 46
const GAP_X = 90
const GAP_Y = 22
const STEP_X = NODE_WIDTH + GAP_X
const STEP_Y = NODE_HEIGHT + GAP_Y

/**
 * Remembers where each node was put, so that the picture does not jump as time moves: a node that
 * comes back is where it was, and a new one takes a free place near those it is joined to.
 */
export class Placement {
  readonly #places = new Map<string, Point>()

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
    for (const edge of graph.edges) {
      const holder = edge.to === id ? this.#places.get(edge.from) : undefined
      if (holder) return { x: holder.x + STEP_X, y: holder.y }
      const held = edge.from === id ? this.#places.get(edge.to) : undefined
      if (held) return { x: held.x - STEP_X, y: held.y }
    }
    const lowest = Math.max(-STEP_Y, ...[...this.#places.values()].map((point) => point.y))
    return { x: 0, y: lowest + STEP_Y }
  }

  /** Tries the wished place, then below and above it, ever further away. */
  #freePlace(wish: Point): Point {
    for (let ring = 0; ring < 200; ring++) {
      for (const side of [1, -1]) {
        const point = { x: wish.x, y: wish.y + side * ring * STEP_Y }
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
