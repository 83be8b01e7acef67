import type { TimeView } from './time-scale'

export interface Tick {
  readonly ns: number
  readonly label: string
}

const UNITS = [
  { ns: 1e9, name: 's' },
  { ns: 1e6, name: 'ms' },
  { ns: 1e3, name: 'µs' },
  { ns: 1, name: 'ns' },
] as const

/** The smallest of 1, 2, 5, 10 ... nanoseconds that is not below `ns`. */
export function niceStep(ns: number): number {
  if (ns <= 1) return 1
  let power = 1
  while (power * 10 <= ns) power *= 10
  for (const factor of [1, 2, 5, 10]) if (power * factor >= ns * (1 - 1e-9)) return power * factor
  return power * 10
}

/** Ticks at round times, at least `gapPx` apart, all labels in the unit that suits the step. */
export function ticksOf(view: TimeView, widthPx: number, gapPx = 92): Tick[] {
  const span = view.toNs - view.fromNs
  if (!(span > 0) || widthPx <= 0) return []
  const step = niceStep((span / widthPx) * gapPx)
  const unit = UNITS.find((one) => one.ns <= step) ?? UNITS[3]
  const out: Tick[] = []
  for (let i = Math.max(0, Math.ceil(view.fromNs / step)); i * step <= view.toNs; i++) {
    out.push({ ns: i * step, label: `${groupDigits(Math.round((i * step) / unit.ns))} ${unit.name}` })
  }
  return out
}

/** Fine thousands, as in `1 234 567 ns`; the space does not break. */
function groupDigits(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, '\u2009')
}

/** A length of time with about four digits: `1.234 ms`. */
export function duration(ns: number): string {
  const sign = ns < 0 ? '-' : ''
  const size = Math.abs(ns)
  for (const unit of UNITS) {
    if (size < unit.ns && unit.ns > 1) continue
    const value = size / unit.ns
    const digits = unit.ns === 1 ? 0 : value >= 100 ? 1 : value >= 10 ? 2 : 3
    const text = value.toFixed(digits)
    return `${sign}${digits ? text.replace(/\.?0+$/, '') : text} ${unit.name}`
  }
  return '0 ns'
}

/** A moment to the nanosecond, in seconds: what a list of events needs to tell them apart. */
export function exactTime(ns: number): string {
  const whole = Math.round(ns)
  return `${Math.floor(whole / 1e9)}.${String(whole % 1e9).padStart(9, '0')}`
}
