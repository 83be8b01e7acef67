import { CATEGORIES } from '../../src-sim/trace/declare'
import { glyphPath } from './glyphs'
import { CATEGORY_LOOK } from './kinds'
import { mix, parseColour, type Palette } from './palette'
import type { PreparedLane } from './prepared'
import { paintPoints, paintSpans, wideSpans } from './raster'
import type { Arrows, ArrowStyle, Renderer } from './renderer'
import type { TimeView } from './time-scale'

/** Bars narrower than this show no text. */
const TEXT_MIN_PX = 26
const TEXTS_MAX = 700
const GLYPH_GAP_PX = 9

interface Line {
  readonly y: number
  readonly height: number
}

/**
 * Draws with a 2D canvas. Bars are painted into the lines of a small picture, one line a row, which
 * the canvas stretches to the height of the row; text and shapes come on top.
 */
export class CanvasRenderer implements Renderer {
  readonly #canvas: HTMLCanvasElement
  readonly #context: CanvasRenderingContext2D
  readonly #picture = document.createElement('canvas')
  readonly #pictureContext: CanvasRenderingContext2D
  #image: ImageData | null = null
  #pixels = new Uint32Array(0)
  #width = 0
  #height = 0
  #ratio = 1
  #palette: Palette | null = null
  #points = new Uint32Array(0)
  #pointCss: string[] = []
  #letterPx = 6.6
  #view: TimeView = { fromNs: 0, toNs: 1 }
  #lines: Line[] = []
  #texts = 0
  #queue: (() => void)[] = []
  readonly #wide = wideSpans()
  readonly #lone = wideSpans()

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas
    this.#context = canvas.getContext('2d', { alpha: false })!
    this.#pictureContext = this.#picture.getContext('2d')!
  }

  resize(widthPx: number, heightPx: number, ratio: number): void {
    this.#width = widthPx
    this.#height = heightPx
    this.#ratio = ratio
    this.#canvas.width = Math.max(1, Math.round(widthPx * ratio))
    this.#canvas.height = Math.max(1, Math.round(heightPx * ratio))
    this.#image = null
  }

  setPalette(palette: Palette): void {
    this.#palette = palette
    const panel = parseColour(palette.panel)
    this.#pointCss = CATEGORIES.map((_, i) => palette.css[i * 3]!)
    this.#points = Uint32Array.from(this.#pointCss, (css) => {
      const [r, g, b] = mix(parseColour(css), panel, 0.9)
      return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0
    })
    this.#context.font = this.#font
    this.#letterPx = this.#context.measureText('0123456789').width / 10
  }

  get #font(): string {
    return `11px ${this.#palette?.mono ?? 'monospace'}`
  }

  begin(view: TimeView): void {
    this.#view = view
    this.#lines = []
    this.#texts = 0
    this.#queue = []
    this.#pixels.fill(0)
    const context = this.#context
    context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0)
    context.fillStyle = this.#palette!.panel
    context.fillRect(0, 0, this.#width, this.#height)
    context.font = this.#font
    context.textBaseline = 'middle'
  }

  drawSpans(lane: PreparedLane, depth: number, y: number, height: number): void {
    const base = this.#line(y, height)
    const { fill, edge } = this.#palette!
    const wide = this.#wide
    const minPx = TEXT_MIN_PX * this.#ratio
    paintSpans(lane, depth, this.#view, this.#columns, fill, edge, this.#pixels, base, minPx, wide)
    for (let i = 0; i < wide.count && this.#texts < TEXTS_MAX; i++) {
      const index = wide.index[i]!
      const text = lane.strings[lane.window.labels[index]!] ?? ''
      const room = Math.floor((wide.width[i]! / this.#ratio - 6) / this.#letterPx)
      if (text === '' || room < 2) continue
      this.#texts++
      const x = wide.x[i]! / this.#ratio + 4
      const shown = elide(text, room)
      const colour = this.#palette!.text[lane.styles[index]!]!
      this.#queue.push(() => this.#text(shown, x, y + height / 2 + 0.5, colour))
    }
  }

  drawMarkers(lane: PreparedLane, y: number, height: number): void {
    const base = this.#line(y, height)
    const lone = this.#lone
    const { pointCategories } = lane.window
    const gap = GLYPH_GAP_PX * this.#ratio
    paintPoints(lane, this.#view, this.#columns, this.#points, this.#pixels, base, gap, lone)
    if (lone.count === 0) return
    const xs = lone.x.slice(0, lone.count)
    const categories = Uint8Array.from(lone.index.subarray(0, lone.count), (i) => pointCategories[i]!)
    this.#queue.push(() => this.#glyphs(xs, categories, y + height / 2, height * 0.42))
  }

  drawSteps(values: Float32Array, y: number, height: number, colour: string): void {
    this.#queue.push(() => {
      const context = this.#context
      const step = this.#width / values.length
      context.fillStyle = colour
      context.beginPath()
      context.moveTo(0, y + height)
      for (let i = 0; i < values.length; i++) {
        const top = y + height * (1 - values[i]!)
        context.lineTo(i * step, top)
        context.lineTo((i + 1) * step, top)
      }
      context.lineTo(this.#width, y + height)
      context.fill()
    })
  }

  drawPending(fromPx: number, toPx: number, y: number, height: number): void {
    this.#queue.push(() => {
      const context = this.#context
      context.fillStyle = this.#palette!.band
      context.fillRect(fromPx, y + height / 2 - 1, toPx - fromPx, 2)
    })
  }

  end(): void {
    this.#stretch()
    for (const draw of this.#queue) draw()
  }

  get #columns(): number {
    return this.#canvas.width
  }

  /** Makes room for one more line of the picture; answers where it starts. */
  #line(y: number, height: number): number {
    const columns = this.#columns
    const line = this.#lines.push({ y, height }) - 1
    if (!this.#image || this.#image.height <= line) this.#grow(columns, line)
    return line * columns
  }

  #grow(columns: number, line: number): void {
    const old = this.#pixels
    const rows = Math.max(64, line * 2)
    const same = this.#image?.width === columns
    this.#image = new ImageData(columns, rows)
    this.#pixels = new Uint32Array(this.#image.data.buffer)
    if (same) this.#pixels.set(old)
    this.#picture.width = columns
    this.#picture.height = rows
  }

  #stretch(): void {
    if (!this.#image || this.#lines.length === 0) return
    const columns = this.#columns
    this.#pictureContext.putImageData(this.#image, 0, 0, 0, 0, columns, this.#lines.length)
    const context = this.#context
    context.imageSmoothingEnabled = false
    for (let i = 0; i < this.#lines.length; i++) {
      const { y, height } = this.#lines[i]!
      context.drawImage(this.#picture, 0, i, columns, 1, 0, y, this.#width, height)
    }
  }

  #text(text: string, x: number, y: number, colour: string): void {
    const context = this.#context
    if (context.fillStyle !== colour) context.fillStyle = colour
    context.fillText(text, x, y)
  }

  #glyphs(xs: Float32Array, categories: Uint8Array, y: number, radius: number): void {
    const context = this.#context
    for (let i = 0; i < xs.length; i++) {
      context.fillStyle = this.#pointCss[categories[i]!]!
      context.beginPath()
      glyphPath(context, CATEGORY_LOOK[CATEGORIES[categories[i]!]!].glyph, xs[i]! / this.#ratio, y, radius)
      context.fill('evenodd')
    }
  }
}

/** Keeps the start of a text that is too long. */
export function elide(text: string, letters: number): string {
  return text.length <= letters ? text : `${text.slice(0, Math.max(1, letters - 1))}…`
}

/** Curves that leave and arrive level, with a head at the end. */
export function strokeArrows(context: CanvasRenderingContext2D, arrows: Arrows, style: ArrowStyle): void {
  context.strokeStyle = style.colour
  context.fillStyle = style.colour
  context.lineWidth = 1.5
  context.setLineDash(style.dashed ? [4, 3] : [])
  for (let i = 0; i < arrows.count; i++) {
    const [x0, y0, x1, y1] = arrows.points.subarray(i * 4, i * 4 + 4) as unknown as [number, number, number, number]
    const bend = Math.max(14, Math.min(80, Math.abs(x1 - x0) / 2))
    context.beginPath()
    context.moveTo(x0, y0)
    context.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1 - 5, y1)
    context.stroke()
    context.beginPath()
    context.moveTo(x1, y1)
    context.lineTo(x1 - 7, y1 - 3.5)
    context.lineTo(x1 - 7, y1 + 3.5)
    context.fill()
  }
  context.setLineDash([])
}
