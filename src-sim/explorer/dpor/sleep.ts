import { dependent, type Touched } from '../../engine/footprint'

/**
 * A transition that need not be tried: what follows it has been searched already, from where it
 * went to sleep. It wakes when something happens that it depends on.
 */
export interface Sleeper {
  readonly key: number
  readonly touched: Touched
  /** Things with a higher number were touched first behind the place where it went to sleep. */
  readonly known: number
}

/** The sleepers that still sleep after a transition. */
export function stillAsleep(sleepers: readonly Sleeper[], touched: Touched): Sleeper[] {
  return sleepers.filter((sleeper) => !wakes(sleeper, touched))
}

/**
 * Numbers of things that were new to both may stand for different things in both runs: such things are all
 * taken for the same one.
 */
function wakes({ touched: own, known }: Sleeper, touched: Touched): boolean {
  return dependent(blurred(own, known), blurred(touched, known))
}

function blurred(touched: Touched, known: number): Touched {
  let out: Map<number, boolean> | null = null
  for (const [thing, write] of touched) {
    if (thing <= known) continue
    out ??= new Map([...touched].filter(([old]) => old <= known))
    out.set(-1, write || out.get(-1) === true)
  }
  return out ?? touched
}
