import { expect, it } from 'vitest'
import * as s from '../../../src-sim/linux/spinlock'
import * as w from '../../../src-sim/linux/wait'
import { sim } from '../../sim/harness'
import { checked } from '../checked'

class holder {
  queue = new w.wait_queue_head()
}

it('WAIT-01 a wake-up by who holds the lock of the queue waits for itself', () => {
  const { kinds, log } = checked(function* (say) {
    const head = w.DECLARE_WAIT_QUEUE_HEAD('head')
    yield* sim(s.spin_lock_irqsave(head.lock))
    yield* sim(w.wake_up_all(head))
    say('not reached')
  })
  expect(kinds.slice(0, 2)).toEqual(['lockdep.recursive', 'deadlock'])
  expect(log).toEqual([])
})

it('WAIT-01 wake functions of drivers run under the lock of the queue', () => {
  const { kinds, log } = checked(function* (say) {
    const { queue } = new holder()
    w.init_waitqueue_head(queue)
    const entry = new w.wait_queue_entry()
    w.init_waitqueue_func_entry(entry, (e) => {
      say(!!s.spin_is_locked(queue.lock))
      w.__remove_wait_queue(queue, e)
      return 0
    })
    w.add_wait_queue(queue, entry)
    yield* sim(w.wake_up(queue))
    say(!!s.spin_is_locked(queue.lock), w.waitqueue_active(queue))
  })
  expect(log).toEqual(['true', 'false 0'])
  expect(kinds).toEqual([])
})

it('WAIT-01 the _locked forms are for those who hold it, as is __add_wait_queue', () => {
  const { kinds, log } = checked(function* (say) {
    const head = w.DECLARE_WAIT_QUEUE_HEAD('head')
    const entries = [new w.wait_queue_entry(), new w.wait_queue_entry()]
    const flags = yield* sim(s.spin_lock_irqsave(head.lock))
    for (const [i, entry] of entries.entries()) {
      w.init_waitqueue_func_entry(entry, () => (say(i), 1))
      w.__add_wait_queue_entry_tail(head, entry)
    }
    yield* sim(w.wake_up_locked(head))
    s.spin_unlock_irqrestore(head.lock, flags)
    w.__add_wait_queue(head, new w.wait_queue_entry())
  })
  expect(log).toEqual(['0', '1'])
  expect(kinds).toEqual(['warn.lockdep-assert'])
})
