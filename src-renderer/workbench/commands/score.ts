const RUN = 6
const WORD = 5
const LOOSE = 1
const NONE = -Infinity

/**
 * How well `query` matches `text` as a subsequence: null when it does not, else higher is better.
 * Word starts and runs of neighbours count more; letters skipped in between count against.
 */
export function score(query: string, text: string): number | null {
  const wanted = query.toLowerCase().replace(/\s+/g, '')
  if (wanted === '') return 0
  const lower = text.toLowerCase()
  // best[j]: the best total with the letter matched so far standing exactly at j.
  let best: number[] = Array.from(lower, (letter, j) =>
    letter === wanted[0] ? (isWordStart(text, j) ? WORD : LOOSE) : NONE,
  )
  for (let i = 1; i < wanted.length; i++) {
    const next: number[] = new Array<number>(lower.length).fill(NONE)
    for (let j = i; j < lower.length; j++) {
      if (lower[j] === wanted[i]) next[j] = extend(best, text, j)
    }
    best = next
  }
  const top = Math.max(...best)
  return top === NONE ? null : top - text.length * 0.01
}

function extend(best: readonly number[], text: string, j: number): number {
  const here = isWordStart(text, j) ? WORD : LOOSE
  let top = best[j - 1]! + RUN
  for (let k = 0; k < j - 1; k++) {
    top = Math.max(top, best[k]! + here - Math.min(3, (j - k - 1) * 0.2))
  }
  return top
}

function isWordStart(text: string, at: number): boolean {
  if (at === 0) return true
  const before = text[at - 1]!
  return /[\s\-_/.:]/.test(before) || (/[a-z]/.test(before) && /[A-Z]/.test(text[at]!))
}
