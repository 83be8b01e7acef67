import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventQueue, type TimedEvent } from '../../../src-sim/engine/events'

const nothing = (): void => {}

/** What a person would do with a list: the earliest first, the first scheduled of equals. */
class Naive {
  events: { timeNs: number; order: number; background: boolean }[] = []
  take(): { timeNs: number; order: number } {
    this.events.sort((a, b) => a.timeNs - b.timeNs || a.order - b.order)
    return this.events.shift()!
  }
}

const commands = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('schedule'), timeNs: fc.nat(20), background: fc.boolean() }),
    fc.record({ kind: fc.constant('take') }),
    fc.record({ kind: fc.constant('cancel'), which: fc.nat() }),
  ),
  { maxLength: 200 },
)

describe('the event queue', () => {
  it('gives what a sorted list gives, for any orders and cancellations', () => {
    fc.assert(
      fc.property(commands, (list) => {
        const queue = new EventQueue()
        const naive = new Naive()
        const queued: TimedEvent[] = []
        let order = 0
        for (const command of list) {
          if ('timeNs' in command) {
            const { timeNs, background } = command
            queued.push(queue.schedule(timeNs, 'x', null, nothing, background))
            naive.events.push({ timeNs, order: order++, background })
          } else if ('which' in command) {
            if (queued.length === 0) continue
            const victim = queued[command.which % queued.length]!
            const there = naive.events.some((e) => e.order === victim.order)
            expect(queue.cancel(victim)).toBe(there)
            naive.events = naive.events.filter((e) => e.order !== victim.order)
          } else if (naive.events.length > 0) {
            const { timeNs, order: expected } = naive.take()
            expect(queue.take()).toMatchObject({ timeNs, order: expected })
          }
          expect(queue.size).toBe(naive.events.length)
          expect(queue.busy).toBe(naive.events.some((e) => !e.background))
        }
      }),
    )
  })
})
