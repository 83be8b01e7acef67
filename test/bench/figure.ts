/** One measurement beside what is asked of it and what others reach at the same work. */
export interface Figure {
  name: string
  figure: number
  unit: string
  budget: string
}

/** CPU seconds of this process: what other programs do at the same time does not count. */
const cpuSeconds = (): number => process.cpuUsage().user / 1e6

/**
 * Seconds that `work` takes, the best of some runs after one to warm up: what disturbs a run from
 * outside (a core shared with another program, its caches) can only make it longer.
 */
export function seconds(work: () => void, runs = 5): number {
  work()
  let best = Infinity
  for (let i = 0; i < runs; i++) {
    const start = cpuSeconds()
    work()
    best = Math.min(best, cpuSeconds() - start)
  }
  return best
}
