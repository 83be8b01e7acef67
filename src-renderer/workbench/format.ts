const UNITS: readonly [number, string][] = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
]

/** Virtual time for a person, always with its unit: `1.234 ms`. */
export function formatTime(ns: number): string {
  for (const [size, unit] of UNITS) {
    if (Math.abs(ns) >= size) return `${trim((ns / size).toFixed(3))} ${unit}`
  }
  return `${Math.round(ns)} ns`
}

function trim(text: string): string {
  return text.replace(/\.?0+$/, '')
}

const groups = new Intl.NumberFormat('en')

export function formatCount(count: number): string {
  return groups.format(count)
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

/** The time stamp of the kernel log: `[    0.001234]`. */
export function dmesgStamp(ns: number): string {
  const micros = Math.floor(ns / 1000)
  const seconds = String(Math.floor(micros / 1e6)).padStart(5)
  return `[${seconds}.${String(micros % 1e6).padStart(6, '0')}]`
}

/** Reads `1.5ms`, `1500`, `2 s` as nanoseconds; null when it is no time. */
export function parseTime(text: string): number | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s)?\s*$/i.exec(text)
  if (!match) return null
  const unit = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 }[(match[2] ?? 'ns').toLowerCase()]!
  return Math.round(Number(match[1]) * unit)
}

export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
}
