/** One measurement beside what is asked of it and what others reach at the same work. */
export interface Figure {
  name: string
  figure: number
  unit: string
  budget: string
}

/** CPU seconds of this process: what other programs do at the same time does not count. */
const cpuSeconds = (): number => process.cpuUsage().user / 1e6

/** Seconds that `work` takes, the median of some runs after one to warm up. */
export function seconds(work: () => void, runs = 5): number {
  work()
  const taken: number[] = []
  for (let i = 0; i < runs; i++) {
    const start = cpuSeconds()
    work()
    taken.push(cpuSeconds() - start)
  }
  return taken.sort((a, b) => a - b)[runs >> 1]!
}
