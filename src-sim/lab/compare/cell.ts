import { ensure } from '../../base/assert'
import type { Strategy } from '../../engine/strategy'
import { fair } from '../../engine/strategy'
import { makeStrategy } from '../../engine/strategies'
import { seedOf } from '../../explorer/explore'
import type { ScheduleOutcome } from '../../explorer/outcome'
import { shrink } from '../../explorer/shrink'
import { DISTURBANCE, FAILURES_MAX, type CompareCell, type RunOptions } from '../../protocol'
import type { Sandbox } from '../../sandbox'
import { scheduleRunner } from '../explore'
import { failCall } from '../fail-call'
import type { LabProgram } from '../program'
import { isWorse, judge, type Judgement } from './verdict'

/** Ways of drawing schedules that need to know nothing of the lab, in turn. */
const BY_CHANCE = ['random', 'pos'] as const

/** Attempts at making the schedule that decides a cell calmer. */
const SHRINK_ATTEMPTS = 60

/** A schedule before it is run: settings and who decides. */
export interface Attempt {
  run: RunOptions
  strategy: Strategy
}

/** The worst schedule so far. */
interface Worst extends Judgement {
  attempt: Attempt
  outcome: ScheduleOutcome
}

/** Collects what the schedules of one cell lead to. */
export class Cell {
  readonly #program: LabProgram
  readonly #sandbox: Sandbox
  readonly #disturbance: string
  readonly #seed: number
  #schedules = 0
  #failed = 0
  #kinds = new Set<string>()
  #worst: Worst | null = null

  constructor(program: LabProgram, sandbox: Sandbox, disturbance: string, seed: number) {
    this.#program = program
    this.#sandbox = sandbox
    this.#disturbance = disturbance
    this.#seed = seed
  }

  /** The first schedules go by virtual time, once for each failing call; the others by chance. */
  *attempts(schedules: number): Generator<Attempt> {
    const base: RunOptions = { seed: this.#seed, params: { [DISTURBANCE]: this.#disturbance } }
    const failures: RunOptions[] = []
    for (const fail of this.#failures(base)) {
      failures.push(fail)
      yield { run: { ...base, ...fail }, strategy: fair }
    }
    for (let i = failures.length; i < schedules; i++) {
      const seed = seedOf(this.#seed, i)
      const name = BY_CHANCE[i % BY_CHANCE.length]!
      const strategy = makeStrategy(name, { seed, preemptions: 2, choices: [] })
      yield { run: { ...base, ...failures[i % failures.length]! }, strategy }
    }
  }

  try(attempt: Attempt): void {
    const outcome = scheduleRunner(this.#program, this.#sandbox, attempt.run)(attempt.strategy, false)
    const judgement = judge(outcome.findings, outcome.stop)
    this.#schedules++
    for (const { kind } of outcome.findings) this.#kinds.add(kind)
    if (judgement.verdict === 'safe') {
      this.#worst ??= { ...judgement, attempt, outcome }
      return
    }
    this.#failed++
    if (this.#worst === null || isWorse(judgement.verdict, this.#worst.verdict))
      this.#worst = { ...judgement, attempt, outcome }
  }

  /** The verdict, with the calmest schedule that shows it. */
  result(): CompareCell {
    const worst = ensure(this.#worst, 'a cell without a schedule')
    const { verdict, finding } = worst
    return {
      lab: this.#program.lab.id,
      disturbance: this.#disturbance,
      verdict,
      schedules: this.#schedules,
      failed: this.#failed,
      finding,
      kinds: [...this.#kinds],
      text: this.#sentence(worst),
      run: this.#proof(worst),
    }
  }

  /** What is to fail, one thing after the other; at least once nothing. */
  *#failures(base: RunOptions): Generator<RunOptions> {
    const failing = this.#program.plan.manifest.params?.[DISTURBANCE]?.failing ?? []
    if (!failing.includes(this.#disturbance)) return yield {}
    for (let fail = 1; fail <= FAILURES_MAX; fail++) {
      const { failed } = failCall(this.#program, this.#sandbox, { ...base, fail })
      if (failed === null) return fail === 1 ? yield {} : undefined
      yield { fail }
    }
  }

  #proof({ attempt, outcome, finding }: Worst): RunOptions {
    if (attempt.strategy.timed) return { ...attempt.run, strategy: 'fair' }
    const run = scheduleRunner(this.#program, this.#sandbox, attempt.run)
    const short = finding && shrink(run, outcome.choices, finding.signature, SHRINK_ATTEMPTS)
    const choices = (short ?? outcome).choices.map((c) => ({ ...c }))
    return { ...attempt.run, strategy: 'replay', choices }
  }

  #sentence({ verdict, finding }: Worst): string {
    const many = this.#schedules === 1 ? 'The one schedule' : `All ${this.#schedules} schedules`
    if (verdict === 'safe') return `${many} ended well.`
    const what = finding?.title ?? 'It did not come to an end.'
    return `${this.#failed} of ${this.#schedules} schedules did not end well: ${what}`
  }
}
