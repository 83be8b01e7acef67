import { glyphPath } from './glyphs'
import type { Palette } from './palette'
import { strokeArrows } from './canvas-renderer'
import type { Arrows } from './renderer'
import { duration, type Tick } from './ruler'
import { timeToX, type TimeView } from './time-scale'

/** Everything that lies over the lanes and moves with the pointer and the cursor. */
export interface OverlayInput {
  readonly view: TimeView
  readonly widthPx: number
  readonly heightPx: number
  readonly ticks: readonly Tick[]
  readonly cursorNs: number
  readonly hoverNs: number | null
  readonly area: TimeView | null
  readonly markerA: number | null
  readonly markerB: number | null
  readonly bookmarks: readonly number[]
  readonly findings: readonly { timeNs: number; selected: boolean }[]
  readonly laneBand: { y: number; height: number } | null
  readonly outline: { x: number; y: number; width: number; height: number } | null
  readonly groups: readonly { y: number; height: number }[]
  readonly arrows: Arrows
  readonly findingArrows: Arrows
  readonly ends: TimeView
}

export function drawOverlay(context: CanvasRenderingContext2D, palette: Palette, input: OverlayInput): void {
  const { widthPx, heightPx } = input
  context.clearRect(0, 0, widthPx, heightPx)
  const x = (ns: number): number => timeToX(input.view, widthPx, ns)
  drawGrid(context, palette, input, x)
  if (input.laneBand) {
    context.fillStyle = palette.accent
    context.fillRect(0, input.laneBand.y, 2, input.laneBand.height)
    context.globalAlpha = 0.07
    context.fillRect(0, input.laneBand.y, widthPx, input.laneBand.height)
    context.globalAlpha = 1
  }
  if (input.outline) {
    const { outline } = input
    context.strokeStyle = palette.ink
    context.lineWidth = 1.5
    context.strokeRect(outline.x + 0.5, outline.y + 0.5, Math.max(3, outline.width - 1), outline.height - 1)
  }
  strokeArrows(context, input.arrows, { colour: palette.accent, dashed: false })
  strokeArrows(context, input.findingArrows, { colour: palette.error, dashed: true })
  drawArea(context, palette, input, x)
  for (const ns of input.bookmarks) line(context, x(ns), heightPx, palette.ok, [2, 3])
  for (const one of input.findings) {
    line(context, x(one.timeNs), heightPx, palette.error, one.selected ? [] : [1, 4])
  }
  if (input.hoverNs !== null) line(context, x(input.hoverNs), heightPx, palette.faint, [3, 3])
  drawMarkers(context, palette, input, x)
  line(context, x(input.cursorNs), heightPx, palette.accent, [], 1.5)
}

type ToX = (ns: number) => number

function drawGrid(context: CanvasRenderingContext2D, palette: Palette, input: OverlayInput, x: ToX): void {
  context.fillStyle = palette.band
  for (const group of input.groups) context.fillRect(0, group.y, input.widthPx, group.height)
  context.globalAlpha = 0.45
  context.fillStyle = palette.line
  for (const tick of input.ticks) context.fillRect(Math.round(x(tick.ns)), 0, 1, input.heightPx)
  context.globalAlpha = 0.5
  context.fillStyle = palette.band
  const [from, to] = [x(input.ends.fromNs), x(input.ends.toNs)]
  if (from > 0) context.fillRect(0, 0, from, input.heightPx)
  if (to < input.widthPx) context.fillRect(to, 0, input.widthPx - to, input.heightPx)
  context.globalAlpha = 1
}

function drawArea(context: CanvasRenderingContext2D, palette: Palette, input: OverlayInput, x: ToX): void {
  if (!input.area) return
  const [from, to] = [x(input.area.fromNs), x(input.area.toNs)]
  context.fillStyle = palette.accent
  context.globalAlpha = 0.14
  context.fillRect(from, 0, to - from, input.heightPx)
  context.globalAlpha = 1
  context.fillRect(from, 0, 1, input.heightPx)
  context.fillRect(to, 0, 1, input.heightPx)
}

function drawMarkers(context: CanvasRenderingContext2D, palette: Palette, input: OverlayInput, x: ToX): void {
  const { markerA, markerB, heightPx } = input
  if (markerA !== null) line(context, x(markerA), heightPx, palette.warning, [6, 3])
  if (markerB !== null) line(context, x(markerB), heightPx, palette.warning, [6, 3])
  if (markerA === null || markerB === null) return
  const [from, to] = [Math.min(x(markerA), x(markerB)), Math.max(x(markerA), x(markerB))]
  const y = 12
  context.strokeStyle = palette.warning
  context.lineWidth = 1
  context.beginPath()
  context.moveTo(from, y)
  context.lineTo(to, y)
  context.stroke()
  label(context, palette, duration(Math.abs(markerB - markerA)), (from + to) / 2, y, palette.warning)
}

function line(
  context: CanvasRenderingContext2D, x: number, heightPx: number, colour: string, dash: number[], width = 1,
): void {
  context.strokeStyle = colour
  context.lineWidth = width
  context.setLineDash(dash)
  context.beginPath()
  context.moveTo(Math.round(x) + 0.5, 0)
  context.lineTo(Math.round(x) + 0.5, heightPx)
  context.stroke()
  context.setLineDash([])
}

function label(
  context: CanvasRenderingContext2D, palette: Palette, text: string, x: number, y: number, colour: string,
): void {
  context.font = `11px ${palette.mono}`
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  const width = context.measureText(text).width + 8
  context.fillStyle = palette.panel
  context.fillRect(x - width / 2, y - 8, width, 16)
  context.fillStyle = colour
  context.fillText(text, x, y)
  context.textAlign = 'left'
}

/** The time axis with its marks: flags of findings, ribbons of bookmarks, A and B, the cursor. */
export function drawRuler(context: CanvasRenderingContext2D, palette: Palette, input: OverlayInput): void {
  const { widthPx, heightPx } = input
  const x = (ns: number): number => timeToX(input.view, widthPx, ns)
  context.fillStyle = palette.panel
  context.fillRect(0, 0, widthPx, heightPx)
  context.font = `11px ${palette.mono}`
  context.textBaseline = 'middle'
  if (input.area) {
    context.fillStyle = palette.select
    context.fillRect(x(input.area.fromNs), 0, x(input.area.toNs) - x(input.area.fromNs), heightPx)
  }
  for (const tick of input.ticks) {
    const at = Math.round(x(tick.ns))
    context.fillStyle = palette.line
    context.fillRect(at, heightPx - 7, 1, 7)
    context.fillStyle = palette.dim
    context.fillText(tick.label, at + 4, heightPx - 8)
  }
  for (const ns of input.bookmarks) ribbon(context, x(ns), palette.ok)
  for (const one of input.findings) flag(context, x(one.timeNs), palette.error, one.selected)
  for (const [name, ns] of [['A', input.markerA], ['B', input.markerB]] as const) {
    if (ns !== null) label(context, palette, name, x(ns), 8, palette.warning)
  }
  context.fillStyle = palette.accent
  context.beginPath()
  glyphPath(context, 'down', x(input.cursorNs), heightPx - 5, 5)
  context.fill()
}

function flag(context: CanvasRenderingContext2D, x: number, colour: string, selected: boolean): void {
  context.fillStyle = colour
  context.fillRect(x, 1, 1.5, 14)
  context.beginPath()
  context.moveTo(x, 1)
  context.lineTo(x + (selected ? 11 : 8), 4.5)
  context.lineTo(x, 8)
  context.fill()
}

function ribbon(context: CanvasRenderingContext2D, x: number, colour: string): void {
  context.fillStyle = colour
  context.beginPath()
  context.moveTo(x - 3.5, 1)
  context.lineTo(x + 3.5, 1)
  context.lineTo(x + 3.5, 11)
  context.lineTo(x, 8)
  context.lineTo(x - 3.5, 11)
  context.fill()
}
