/** Stretches of a 64-bit address space, each up to but without `end`. */
export interface Range {
  start: number
  end: number
}

/** One more than the last address: beyond what a number can tell from the last one. */
export const SPACE_END = 2 ** 64

export const overlaps = (a: Range, start: number, end: number): boolean =>
  a.start < end && start < a.end

/** The first range of a sorted list that touches a stretch. */
export const firstIn = <T extends Range>(
  list: readonly T[], start: number, end: number,
): T | undefined => list.find((r) => overlaps(r, start, end))

/** Puts a range in its place in a sorted list. */
export function insertRange<T extends Range>(list: T[], range: T): void {
  const at = list.findIndex((r) => r.start > range.start)
  list.splice(at < 0 ? list.length : at, 0, range)
}

export function dropRange<T extends Range>(list: T[], range: T): void {
  const at = list.indexOf(range)
  if (at >= 0) list.splice(at, 1)
}

/** What is left of a stretch when all ranges of the lists are taken out, lowest first. */
export function* holes(
  start: number, end: number, ...lists: (readonly Range[])[]
): Generator<Range> {
  const used = lists.flat().filter((r) => overlaps(r, start, end))
  used.sort((a, b) => a.start - b.start)
  let at = start
  for (const r of used) {
    if (r.start > at) yield { start: at, end: r.start }
    at = Math.max(at, r.end)
  }
  if (at < end) yield { start: at, end }
}

/** An addition that leaves the space. */
export const overflows = (start: number, length: number): boolean => start + length > SPACE_END

/** The largest power of two that divides an address; the whole space for 0. */
export function alignmentOf(address: number): number {
  if (address === 0) return SPACE_END
  let bit = 1
  while (address % (bit * 2) === 0) bit *= 2
  return bit
}

export function powerOfTwoAbove(n: number): number {
  let p = 1
  while (p < n) p *= 2
  return p
}
