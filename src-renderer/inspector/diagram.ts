import type { LifeState, Lifecycle } from './lifecycles'

export const CELL_WIDTH = 152
export const CELL_HEIGHT = 50
export const BOX_WIDTH = 96
export const BOX_HEIGHT = 24
const PAD = 6

export interface DiagramArrow {
  readonly from: string
  readonly to: string
  readonly why: string
  readonly path: string
  /** Where the label goes. */
  readonly x: number
  readonly y: number
}

export interface Diagram {
  readonly width: number
  readonly height: number
  readonly arrows: readonly DiagramArrow[]
}

export const boxLeft = (state: LifeState): number => PAD + state.x * CELL_WIDTH
export const boxTop = (state: LifeState): number => PAD + state.y * CELL_HEIGHT

/** Places the boxes of a lifecycle on its grid and joins them. */
export function diagramOf(lifecycle: Lifecycle): Diagram {
  const states = new Map(lifecycle.states.map((state) => [state.id, state]))
  const pairs = new Set(lifecycle.moves.map(([from, to]) => `${from}>${to}`))
  const arrows = lifecycle.moves.flatMap(([from, to, why]): DiagramArrow[] => {
    const [a, b] = [states.get(from), states.get(to)]
    if (!a || !b) return []
    return [{ from, to, why, ...arrow(a, b, pairs.has(`${to}>${from}`)) }]
  })
  const columns = Math.max(...lifecycle.states.map((state) => state.x))
  const lines = Math.max(...lifecycle.states.map((state) => state.y))
  return {
    width: columns * CELL_WIDTH + BOX_WIDTH + 2 * PAD,
    height: lines * CELL_HEIGHT + BOX_HEIGHT + 2 * PAD,
    arrows,
  }
}

/** From border to border; of two opposite arrows, each keeps to its own side. */
function arrow(a: LifeState, b: LifeState, twoWay: boolean): { path: string; x: number; y: number } {
  const [ax, ay] = [boxLeft(a) + BOX_WIDTH / 2, boxTop(a) + BOX_HEIGHT / 2]
  const [bx, by] = [boxLeft(b) + BOX_WIDTH / 2, boxTop(b) + BOX_HEIGHT / 2]
  const length = Math.hypot(bx - ax, by - ay) || 1
  const aside = twoWay ? 6 : 0
  const [sx, sy] = [(-(by - ay) / length) * aside, ((bx - ax) / length) * aside]
  const [x0, y0] = leave(ax + sx, ay + sy, bx + sx, by + sy, ax, ay)
  const [x1, y1] = leave(bx + sx, by + sy, ax + sx, ay + sy, bx, by)
  const far = Math.abs(a.x - b.x) > 1 && a.y === b.y
  const bow = far ? CELL_HEIGHT * 0.55 : 0
  const [mx, my] = [(x0 + x1) / 2, (y0 + y1) / 2 + bow]
  return { path: `M${r(x0)} ${r(y0)}Q${r(mx)} ${r(my + (far ? bow * 0.5 : 0))} ${r(x1)} ${r(y1)}`, x: r(mx), y: r(my) }
}

const r = (n: number): number => Math.round(n * 10) / 10

/** Where the line from one point to another leaves the box around a centre. */
function leave(x0: number, y0: number, x1: number, y1: number, cx: number, cy: number): [number, number] {
  const [dx, dy] = [x1 - x0, y1 - y0]
  const tx = dx === 0 ? Infinity : (cx + (Math.sign(dx) * BOX_WIDTH) / 2 - x0) / dx
  const ty = dy === 0 ? Infinity : (cy + (Math.sign(dy) * BOX_HEIGHT) / 2 - y0) / dy
  const t = Math.min(tx, ty)
  return [x0 + dx * t, y0 + dy * t]
}
