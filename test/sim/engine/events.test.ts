import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EventQueue, type TimedEvent } from '../../../src-sim/engine/events'

type Action = { do: 'add'; timeNs: number; background: boolean } | { do: 'cancel'; which: number } | { do: 'take' }

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('add' as const), timeNs: fc.nat(50), background: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('cancel' as const), which: fc.nat(200) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('take' as const) }) },
)

const byTimeThenOrder = (a: TimedEvent, b: TimedEvent): number =>
  a.timeNs - b.timeNs || a.order - b.order

test('events come out by time, and in the order of scheduling at the same time', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 120, size: 'max' }), (actions) => {
      const queue = new EventQueue()
      const made: TimedEvent[] = []
      let waiting: TimedEvent[] = []
      for (const a of actions) {
        if (a.do === 'add') {
          const event = queue.schedule(a.timeNs, 'e', null, () => {}, a.background)
          made.push(event)
          waiting.push(event)
        } else if (a.do === 'cancel') {
          const event = made[a.which % Math.max(1, made.length)]
          if (event === undefined) continue
          expect(queue.cancel(event)).toBe(waiting.includes(event))
          waiting = waiting.filter((e) => e !== event)
        } else if (waiting.length > 0) {
          const [first] = waiting.sort(byTimeThenOrder)
          expect(queue.first).toBe(first)
          expect(queue.take()).toBe(first)
          waiting.shift()
        }
        expect(queue.size).toBe(waiting.length)
        expect(queue.busy).toBe(waiting.some((e) => !e.background))
      }
      while (waiting.length > 0) {
        const [first] = waiting.sort(byTimeThenOrder)
        expect(queue.take()).toBe(first)
        waiting.shift()
      }
      expect(queue.first).toBeUndefined()
    }),
  )
})

test('a cancelled event can be cancelled again without harm', () => {
  const queue = new EventQueue()
  const event = queue.schedule(5, 'e', null, () => {})
  expect(queue.cancel(event)).toBe(true)
  expect(queue.cancel(event)).toBe(false)
  expect(queue.busy).toBe(false)
})
