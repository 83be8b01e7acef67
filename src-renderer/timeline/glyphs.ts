import type { Glyph } from './kinds'

/** Corners of each shape on a circle of radius 1, as x, y pairs; `circle` and `ring` are round. */
const CORNERS: Record<Exclude<Glyph, 'circle' | 'ring'>, readonly number[]> = {
  square: [-0.85, -0.85, 0.85, -0.85, 0.85, 0.85, -0.85, 0.85],
  diamond: [0, -1.15, 1.15, 0, 0, 1.15, -1.15, 0],
  up: [0, -1.1, 1.1, 0.9, -1.1, 0.9],
  down: [0, 1.1, 1.1, -0.9, -1.1, -0.9],
  bar: [-0.4, -1.1, 0.4, -1.1, 0.4, 1.1, -0.4, 1.1],
  hexagon: [-0.6, -1, 0.6, -1, 1.15, 0, 0.6, 1, -0.6, 1, -1.15, 0],
  cross: [
    -0.35, -1.1, 0.35, -1.1, 0.35, -0.35, 1.1, -0.35, 1.1, 0.35, 0.35, 0.35, 0.35, 1.1, -0.35, 1.1,
    -0.35, 0.35, -1.1, 0.35, -1.1, -0.35, -0.35, -0.35,
  ],
}

/** Adds a shape to the current path of a canvas. */
export function glyphPath(context: CanvasRenderingContext2D, glyph: Glyph, x: number, y: number, radius: number): void {
  if (glyph === 'circle' || glyph === 'ring') {
    context.moveTo(x + radius, y)
    context.arc(x, y, radius, 0, Math.PI * 2)
    // A hole, filled by the even-odd rule.
    if (glyph === 'ring') {
      context.moveTo(x + radius * 0.45, y)
      context.arc(x, y, radius * 0.45, 0, Math.PI * 2)
    }
    return
  }
  const corners = CORNERS[glyph]
  for (let i = 0; i < corners.length; i += 2) {
    const px = x + corners[i]! * radius
    const py = y + corners[i + 1]! * radius
    if (i === 0) context.moveTo(px, py)
    else context.lineTo(px, py)
  }
  context.closePath()
}

/** The same shape for SVG, on a 16 by 16 grid. */
export function glyphSvg(glyph: Glyph, radius = 6): string {
  const at = (n: number): string => (8 + n * radius).toFixed(2)
  const round = (r: number): string =>
    `M${at(-r)} 8a${r * radius} ${r * radius} 0 1 0 ${2 * r * radius} 0a${r * radius} ${r * radius} 0 1 0 ${-2 * r * radius} 0z`
  if (glyph === 'circle') return round(1)
  if (glyph === 'ring') return round(1) + round(0.45)
  const corners = CORNERS[glyph]
  let path = ''
  for (let i = 0; i < corners.length; i += 2) {
    path += `${i === 0 ? 'M' : 'L'}${at(corners[i]!)} ${at(corners[i + 1]!)}`
  }
  return `${path}z`
}
