import { describe, expect, it } from 'vitest'
import { now } from '../../../src-sim/engine/current'
import { randomStrategy } from '../../../src-sim/engine/strategies/random'
import { point, RELAX, SCHEDULE, spinOn, type Sim } from '../../../src-sim/engine/suspend'
import type { Task } from '../../../src-sim/engine/exec'
import { boot, run } from '../harness'

const turn = (): unknown => point(turn, null)

function* sleepUntilWoken(): Sim {
  ;(now.exec as Task).state = 'uninterruptible'
  yield SCHEDULE
}

describe('virtual time', () => {
  it('moves to the next event when nobody can run', () => {
    const machine = run(function* () {
      const task = now.exec as Task
      now.machine!.at(5_000_000, 'alarm', null, () => now.machine!.wake(task))
      yield* sleepUntilWoken()
      expect(now.machine!.nowNs).toBeGreaterThanOrEqual(5_000_000)
    })
    expect(machine.stop).toBe('finished')
  })

  it('lets events of one moment happen in the order of their making', () => {
    const log: number[] = []
    run(function* () {
      const task = now.exec as Task
      for (let i = 0; i < 5; i++) now.machine!.at(1000, `e${i}`, null, () => void log.push(i))
      now.machine!.at(1000, 'end', null, () => now.machine!.wake(task))
      yield* sleepUntilWoken()
    })
    expect(log).toEqual([0, 1, 2, 3, 4])
  })

  it('stops a run before the time it is told, and goes on from there', () => {
    const machine = boot(function* () {
      for (let i = 0; i < 100; i++) yield turn()
    })
    machine.run(5_000)
    expect(machine.stop).toBeNull()
    expect(machine.nowNs).toBeGreaterThanOrEqual(5_000)
    expect(machine.run()).toBe('finished')
  })

  it('does not run far ahead of a context that is ready to go on', () => {
    for (let seed = 0; seed < 40; seed++) {
      let fired = false
      const machine = boot(
        function* (): Sim {
          now.machine!.at(1_000_000_000, 'far', null, () => (fired = true))
          for (let i = 0; i < 20; i++) {
            yield turn()
            expect(fired).toBe(false)
          }
        },
        { strategy: randomStrategy(seed), lagMaxNs: 1_000_000 },
      )
      expect(machine.run()).toBe('finished')
    }
  })
})

describe('waiting', () => {
  it('of all for all is a deadlock, told at once', () => {
    const stuck: string[] = []
    const machine = boot(sleepUntilWoken)
    machine.trouble = {
      ...machine.trouble,
      deadlock: (waiting) => stuck.push(...waiting.map((t) => t.name)),
    }
    expect(machine.run()).toBe('deadlock')
    expect(stuck).toEqual(['main'])
    expect(machine.steps).toBeLessThan(5)
  })

  it('busily for an object takes no turns until somebody lets go of it', () => {
    const lock = { held: true }
    let looks = 0
    const machine = boot(function* () {
      for (let i = 0; i < 50; i++) yield turn()
      lock.held = false
      now.machine!.unspin(lock)
      yield turn()
    })
    machine.inside(() =>
      machine.spawn('spinner', (function* (): Sim {
        while (lock.held) {
          looks++
          yield spinOn(lock)
        }
      })(), { cpu: 1 }),
    )
    expect(machine.run()).toBe('finished')
    expect(looks).toBe(1)
  })

  it('by polling lets the others move, in every schedule', () => {
    for (let seed = 0; seed < 60; seed++) {
      let ready = false
      const machine = boot(
        function* (): Sim {
          while (!ready) yield RELAX
        },
        { strategy: randomStrategy(seed) },
      )
      machine.inside(() =>
        machine.spawn('other', (function* (): Sim {
          for (let i = 0; i < 10; i++) yield turn()
          ready = true
        })()),
      )
      expect(machine.run()).toBe('finished')
      expect(machine.steps).toBeLessThan(200)
    }
  })

  it('by polling for ever is told as a stuck CPU, not waited for', () => {
    let told = 0
    const machine = boot(function* () {
      for (;;) yield RELAX
    })
    machine.trouble = {
      ...machine.trouble,
      stuck: () => {
        told++
        machine.halt('panic', 'soft lockup')
      },
    }
    machine.run()
    expect(told).toBe(1)
    expect(machine.steps).toBeLessThan(1000)
  })
})
