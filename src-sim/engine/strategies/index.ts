import { assert } from '../../base/assert'
import type { Strategy } from '../strategy'
import type { RecordedChoice } from '../transition'
import { pctStrategy } from './pct'
import { posStrategy } from './pos'
import type { Profile } from './profile'
import { randomStrategy } from './random'
import { replayStrategy } from './replay'
import { urwStrategy } from './urw'

export interface StrategyOptions {
  seed: number
  /** Bound on preemptions, for the strategies that have one. */
  preemptions: number
  /** The schedule to follow, for `replay`. */
  choices: readonly RecordedChoice[]
  /** Learnt beforehand by explorations; single runs go by a guess. */
  profile?: Profile
}

const UNKNOWN: Profile = { lengths: new Map(), choices: 200 }

const MAKERS: Record<string, (options: StrategyOptions) => Strategy> = {
  random: (o) => randomStrategy(o.seed),
  urw: (o) => urwStrategy(o.seed, (o.profile ?? UNKNOWN).lengths),
  pct: (o) => pctStrategy(o.seed, o.preemptions + 1, (o.profile ?? UNKNOWN).choices),
  pos: (o) => posStrategy(o.seed),
  exhaustive: () => replayStrategy([]),
  replay: (o) => replayStrategy(o.choices),
}

/** Makes the strategy for one schedule, by its name on the command line. */
export function makeStrategy(name: string, options: StrategyOptions): Strategy {
  const make = MAKERS[name]
  assert(make !== undefined, `no strategy is called ${name}`)
  return make(options)
}
