import { Footprint, type ConfinedCalls } from '../../engine/footprint'
import type { Machine } from '../../engine/machine'
import type { Strategy } from '../../engine/strategy'
import type { Transition } from '../../engine/transition'
import type { SearchShare } from '../search-share'
import { History, type Race } from './history'
import { actorOf, keyOf } from './identity'
import { stillAsleep, type Sleeper } from './sleep'

/** How many choices are tried in full, and decide whose share a branch is, when work is shared. */
const SHARING_DEPTH = 4

/** A choice on the branch that was run last. */
interface Node {
  readonly keys: readonly number[]
  readonly preempts: readonly boolean[]
  /** Its index among all transitions of the run. */
  readonly step: number
  /** Preemptions on the way to it. */
  readonly spent: number
  /** Things that had a number when it was reached. */
  readonly known: number
  sleepers: Sleeper[]
  /** Alternatives that may lead somewhere new. */
  readonly wanted: Set<number>
  readonly tried: Set<number>
  pick: number
}

/**
 * Depth-first search over the schedules of a lab that skips those which differ from a searched one
 * only in the order of independent transitions (dynamic partial-order reduction with source sets
 * and sleep sets). Alternatives are tried where a run has shown two dependent transitions that
 * could have come in the other order.
 *
 * With a bound on preemptions, moving a transition may cost one that the bound does not allow.
 * Then the beginning of the stretch in which a context ran is tried in full as well, and
 * only a context that simply goes on is left to sleep: to let it go on earlier never costs more.
 */
export class ReducedSearch {
  readonly bound: number
  complete = false
  /** The last run was cut off: all that could follow has been searched elsewhere. */
  redundant = false
  #confined: ConfinedCalls
  #share: SearchShare
  #nodes: Node[] = []
  /** Transitions before this one are those of the run before, and so are their races. */
  #newFrom = 0
  #history = new History()
  #run: RunState | null = null

  constructor(
    bound: number, confined: ConfinedCalls, share: SearchShare = { index: 0, of: 1 },
  ) {
    this.bound = bound
    this.#confined = confined
    this.#share = share
  }

  /** The strategy for the next schedule: repeats the known choices, then stays calm. */
  strategy(): Strategy {
    const run = new RunState(this.#confined)
    this.#run = run
    this.#history = new History()
    this.redundant = false
    return {
      name: 'exhaustive',
      timed: false,
      footprint: run.footprint,
      pick: (enabled, count, machine) => this.#pick(run, enabled, count, machine),
      forced: (only, machine) => {
        this.#concludeStep(run)
        if (run.sleepers.some(({ key }) => key === keyOf(only))) this.#cutOff(machine)
        run.begin(only)
      },
    }
  }

  /** Whether the schedule that was just run is this share's to count. */
  get mine(): boolean {
    return !this.redundant && this.#falls(this.#share)
  }

  /** Moves on after a schedule was run with `strategy()`. */
  advance(): void {
    if (this.#run !== null) this.#concludeStep(this.#run)
    for (const race of this.#history.races) if (race.second >= this.#newFrom) this.#want(race)
    if (!this.#falls(this.#share)) this.#nodes.length = Math.min(this.#nodes.length, SHARING_DEPTH)
    for (let node = this.#nodes.pop(); node; node = this.#nodes.pop()) {
      this.#finishPick(node)
      const next = this.#nextPick(node)
      if (next < 0) continue
      node.pick = next
      this.#nodes.push(node)
      this.#newFrom = node.step
      return
    }
    this.complete = true
  }

  #falls({ index, of }: SearchShare): boolean {
    if (of === 1) return true
    let sum = 0
    for (let i = 0; i < SHARING_DEPTH; i++) sum = sum * 7 + (this.#nodes[i]?.pick ?? 0)
    return sum % of === index
  }

  // While a schedule runs

  #pick(run: RunState, enabled: readonly Transition[], count: number, machine: Machine): number {
    this.#concludeStep(run)
    const known = this.#nodes[run.depth]
    const node = known ?? this.#descend(run, enabled, count)
    if (node === null) {
      this.#cutOff(machine)
      run.begin(enabled[0]!)
      return 0
    }
    run.depth++
    if (known) run.sleepers = node.sleepers
    if (node.preempts[node.pick]) run.spent++
    run.begin(enabled[node.pick]!)
    return node.pick
  }

  /** The step that was begun is over, and what it touched is known. */
  #concludeStep(run: RunState): void {
    const touched = run.footprint.take()
    if (run.key < 0) return
    this.#history.add(run.key, run.actor, touched)
    run.sleepers = stillAsleep(run.sleepers, touched)
    run.key = -1
  }

  #cutOff(machine: Machine): void {
    this.redundant = true
    machine.halt('stopped', 'the rest of this schedule has been searched elsewhere')
  }

  /** A choice that was never met on this branch; null when everything here sleeps. */
  #descend(run: RunState, enabled: readonly Transition[], count: number): Node | null {
    const keys: number[] = []
    const preempts: boolean[] = []
    for (let i = 0; i < count; i++) {
      keys.push(keyOf(enabled[i]!))
      preempts.push(enabled[i]!.preempts)
    }
    const node: Node = {
      keys,
      preempts,
      step: this.#history.steps.length,
      spent: run.spent,
      known: run.footprint.known,
      sleepers: run.sleepers,
      wanted: new Set(),
      tried: new Set(),
      pick: -1,
    }
    const shared = this.#share.of > 1 && this.#nodes.length < SHARING_DEPTH
    if (shared) this.#wantAll(node)
    node.pick = keys.findIndex((_, i) => this.#open(node, i))
    if (node.pick < 0) return null
    this.#nodes.push(node)
    return node
  }

  // Between schedules

  /** Asks for the other order of two transitions that were found to depend on each other. */
  #want(race: Race): void {
    if (this.#wantBefore(race)) return
    for (const earlier of this.#history.earlierRaces(race)) if (this.#wantBefore(earlier)) return
  }

  /** False when nothing that leads to the second could have happened instead of the first. */
  #wantBefore(race: Race): boolean {
    const at = this.#nodeAt(race.first)
    const node = this.#nodes[at]
    if (node?.step !== race.first) return false
    const initials = this.#history.initials(race)
    const open = node.keys.map((key, i) => (initials.includes(key) ? i : -1)).filter((i) => i >= 0)
    if (open.length === 0) return false
    const covered = (i: number): boolean =>
      i === node.pick || node.wanted.has(i) || node.tried.has(i) || this.#sleeps(node, i)
    if (!open.some(covered)) node.wanted.add(open[0]!)
    if (this.bound !== Infinity) this.#wantStretch(at, race)
    return true
  }

  /** Where the context of the earlier transition began to run, another may run for nothing. */
  #wantStretch(at: number, { first }: Race): void {
    const { steps } = this.#history
    const { actor } = steps[first]!
    let start = first
    while (start > 0 && steps[start - 1]!.actor === actor) start--
    let i = at
    while (i >= 0 && this.#nodes[i]!.step > start) i--
    if (i >= 0) this.#wantAll(this.#nodes[i]!)
  }

  /** The last choice at or before a step, -1 when there is none. */
  #nodeAt(step: number): number {
    let low = 0
    let high = this.#nodes.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#nodes[middle]!.step <= step) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  #wantAll(node: Node): void {
    node.keys.forEach((_, i) => node.wanted.add(i))
  }

  #finishPick(node: Node): void {
    const { pick, step, known } = node
    node.tried.add(pick)
    const calm = pick === 0 && node.preempts[1] === true
    if (this.bound !== Infinity && !calm) return
    const { touched } = this.#history.steps[step]!
    node.sleepers = [...node.sleepers, { key: node.keys[pick]!, touched, known }]
  }

  #nextPick(node: Node): number {
    return [...node.wanted].find((i) => !node.tried.has(i) && this.#open(node, i)) ?? -1
  }

  #open(node: Node, i: number): boolean {
    return (!node.preempts[i] || node.spent < this.bound) && !this.#sleeps(node, i)
  }

  #sleeps(node: Node, i: number): boolean {
    return node.sleepers.some(({ key }) => key === node.keys[i])
  }
}

/** How far the present run has come. */
class RunState {
  readonly footprint: Footprint
  sleepers: Sleeper[] = []
  depth = 0
  spent = 0
  /** Of the transition in progress; -1 before the first. */
  key = -1
  actor = -1

  constructor(confined: ConfinedCalls) {
    this.footprint = new Footprint(confined)
  }

  begin(transition: Transition): void {
    this.key = keyOf(transition)
    this.actor = actorOf(transition)
  }
}
