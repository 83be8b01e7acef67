/** What follows `%p` and looks into memory: bytes, addresses of networks, resources. */

const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0')

const SEPARATORS: Readonly<Record<string, string>> = { h: ' ', hC: ':', hD: '-', hN: '' }

/** `%*ph`: `length` bytes (64 at most), apart from each other as the letter says. */
function bytesText(value: unknown, separator: string, length: number): string {
  if (!(value instanceof Uint8Array)) return '(null)'
  const bytes = value.subarray(0, Math.min(length > 0 ? length : 1, 64))
  return [...bytes].map((b) => hex(b, 2)).join(separator)
}

interface Resource {
  start: number
  end: number
  flags: number
}

const KINDS: readonly [number, string][] = [
  [0x100, 'io '], [0x200, 'mem'], [0x400, 'irq'], [0x800, 'dma'], [0x1000, 'bus'],
]
const MARKS: readonly [number, string][] = [
  [0x10_0000, ' 64bit'], [0x2000, ' pref'], [0x20_0000, ' window'], [0x1000_0000, ' disabled'],
]

/** `%pR`: `[mem 0xfe000000-0xfe0fffff 64bit]`. */
export function resourceText({ start, end, flags }: Resource): string {
  const kind = KINDS.find(([bit]) => flags & bit)
  const plain = kind?.[1] === 'irq' || kind?.[1] === 'dma' || kind?.[1] === 'bus'
  const digits = kind?.[1] === 'io ' ? 4 : 8
  const one = (n: number): string => (plain ? `${n}` : `0x${hex(n, digits)}`)
  const range = start === end ? one(start) : `${one(start)}-${one(end)}`
  const marks = MARKS.filter(([bit]) => flags & bit).map(([, text]) => text)
  return `[${kind?.[1] ?? '???'} ${range}${marks.join('')}]`
}

/** The text of an extension that reads memory, or null when it is none. */
export function memoryText(value: unknown, extension: string, width: number): string | null {
  const separator = SEPARATORS[extension]
  if (separator !== undefined) return bytesText(value, separator, width)
  if (extension === 'M') return bytesText(value, ':', 6)
  if (extension === 'I4' && value instanceof Uint8Array) return value.subarray(0, 4).join('.')
  if ((extension === 'R' || extension === 'r') && value !== null && typeof value === 'object')
    return resourceText(value as Resource)
  return null
}
