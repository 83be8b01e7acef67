import { CATEGORIES } from '../../src-sim/trace/declare'
import { CATEGORY_LOOK } from './kinds'

/**
 * Colours of spans by number: first each category in three shades (so that neighbours with
 * different names stay apart), then the states that mean the same everywhere.
 */
export interface Palette {
  /** As the bytes of a picture: red in the lowest byte. */
  readonly fill: Uint32Array
  /** The first column of a span, a little stronger. */
  readonly edge: Uint32Array
  readonly css: readonly string[]
  readonly text: readonly string[]
  readonly panel: string
  readonly line: string
  readonly ink: string
  readonly dim: string
  readonly faint: string
  readonly accent: string
  readonly select: string
  readonly error: string
  readonly warning: string
  readonly ok: string
  readonly band: string
  readonly mono: string
}

const SHADES = 3
const STATES = ['live', 'going', 'dead', 'none', 'ready', 'sleep'] as const
const FIRST_STATE = CATEGORIES.length * SHADES

const STATE_WORDS: Record<string, (typeof STATES)[number]> = {
  alive: 'live', bound: 'live', LIVE: 'live', running: 'live', registered: 'live', loaded: 'live', done: 'live',
  probing: 'going', unbinding: 'going', COMING: 'going', GOING: 'going', D: 'going', suspended: 'going',
  disabled: 'going', zombie: 'dead', released: 'dead', revoked: 'dead', 'shut down': 'dead', X: 'dead',
  Z: 'dead', 'no driver': 'none', UNFORMED: 'none', P: 'none', T: 'none', R: 'ready', 'R+': 'ready', S: 'sleep', I: 'sleep',
}

/** Number of the colour for a span. */
export function styleOf(category: number, label: string): number {
  const state = STATE_WORDS[label]
  if (state) return FIRST_STATE + STATES.indexOf(state)
  let hash = 0
  for (let i = 0; i < label.length; i++) hash = (hash * 31 + label.charCodeAt(i)) | 0
  return category * SHADES + ((hash >>> 3) % SHADES)
}

type Rgb = readonly [number, number, number]

/** Reads `#rgb`, `#rrggbb`, `rgb(...)`; what is no colour becomes grey. */
export function parseColour(text: string): Rgb {
  const hex = /^#([\da-f]{3,8})$/i.exec(text.trim())?.[1]
  if (hex) {
    const digits = hex.length < 6 ? [...hex].map((d) => d + d).join('') : hex
    return [0, 2, 4].map((i) => parseInt(digits.slice(i, i + 2), 16)) as unknown as Rgb
  }
  const parts = /rgba?\(([^)]+)\)/.exec(text)?.[1]?.split(/[\s,/]+/).map(Number)
  return parts && parts.length >= 3 ? [parts[0]!, parts[1]!, parts[2]!] : [128, 128, 128]
}

export function mix(a: Rgb, b: Rgb, share: number): Rgb {
  return a.map((value, i) => Math.round(value * share + b[i]! * (1 - share))) as unknown as Rgb
}

const pack = ([r, g, b]: Rgb): number => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0
const cssOf = ([r, g, b]: Rgb): string => `rgb(${r},${g},${b})`

/** Relative luminance as WCAG counts it. */
export function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((byte) => {
    const c = byte / 255
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  }) as unknown as Rgb
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

/** Reads the tokens of the theme. Called when the theme changes, never while drawing. */
export function readPalette(token: (name: string) => string): Palette {
  const panel = parseColour(token('panel'))
  const colours: Rgb[] = []
  for (const category of CATEGORIES) {
    const base = parseColour(token(CATEGORY_LOOK[category].colour))
    for (const share of [0.78, 0.62, 0.5]) colours.push(mix(base, panel, share))
  }
  const life = (name: string, share: number): Rgb => mix(parseColour(token(name)), panel, share)
  colours.push(
    life('life-live', 0.6), life('life-going', 0.72), life('life-dead', 0.72), life('life-none', 0.45),
    life('cat-1', 0.4), life('life-none', 0.22),
  )
  const light = luminance(panel) > 0.4
  const textOn = (c: Rgb): string => (luminance(c) > 0.22 ? 'rgb(12,15,20)' : 'rgb(250,251,253)')
  return {
    fill: Uint32Array.from(colours, pack),
    edge: Uint32Array.from(colours, (c) => pack(mix(c, light ? [0, 0, 0] : [255, 255, 255], 0.72))),
    css: colours.map(cssOf),
    text: colours.map(textOn),
    panel: token('panel'),
    line: token('border'),
    ink: token('text'),
    dim: token('dim'),
    faint: token('faint'),
    accent: token('accent'),
    select: token('select'),
    error: token('error'),
    warning: token('warning'),
    ok: token('ok'),
    band: token('raised'),
    mono: token('mono'),
  }
}
