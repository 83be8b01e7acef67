import { Machine, type MachineOptions, type SpawnOptions } from '../../../src-sim/engine/machine'
import type { Task } from '../../../src-sim/engine/exec'
import type { Strategy } from '../../../src-sim/engine/strategy'
import { point, SCHEDULE, type Sim } from '../../../src-sim/engine/suspend'

/** A machine and the words its contexts say, in the order in which they say them. */
export class Bench {
  readonly machine: Machine
  readonly said: string[] = []

  constructor(options: MachineOptions = {}) {
    this.machine = new Machine(options)
  }

  say(word: string): void {
    this.said.push(word)
  }

  spawn(name: string, body: Sim<unknown>, options: SpawnOptions = {}): Task {
    return this.machine.inside(() => this.machine.spawn(name, body, options))
  }

  /** A task that says its name with a number, with a scheduling point before each. */
  talker(name: string, times: number, options: SpawnOptions = {}): Task {
    return this.spawn(name, talk(this, name, times), options)
  }
}

export function operation(): void {}

export function* talk(bench: Bench, name: string, times: number): Sim {
  for (let i = 0; i < times; i++) {
    yield point(operation, bench)
    bench.say(`${name}${i}`)
  }
}

/** Gives up the CPU until somebody wakes the task. */
export function* sleep(task: Task): Sim {
  task.state = 'uninterruptible'
  yield SCHEDULE
}

/** Picks by a list of indices; beyond its end, and where an index is too large, the calm choice. */
export function scripted(picks: readonly number[]): Strategy {
  let at = 0
  return {
    name: 'scripted',
    timed: false,
    pick: (_enabled, count) => {
      const pick = picks[at++] ?? 0
      return pick < count ? pick : 0
    },
  }
}
