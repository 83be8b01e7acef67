import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import {
  DECLARE_COMPLETION, complete, wait_for_completion,
} from '../../../src-sim/linux/completion'
import { msleep } from '../../../src-sim/linux/delay'
import * as kt from '../../../src-sim/linux/kthread'
import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from '../../../src-sim/linux/mutex'
import * as sched from '../../../src-sim/linux/sched'
import * as w from '../../../src-sim/linux/wait'
import * as wb from '../../../src-sim/linux/wait_bit'
import { sim } from '../../sim/harness'
import { checked, type Say } from '../checked'

const thread = (name: string, fn: () => Sim<number | void>): sched.task_struct =>
  kt.kthread_run(fn as never, null, name)

function* waiters(head: w.wait_queue_head_t, names: string, say: Say): Sim {
  for (const name of names) {
    const entry = new w.wait_queue_entry()
    const exclusive = name >= 'a'
    w.init_waitqueue_func_entry(entry, () => (say(name), 1))
    if (exclusive) w.add_wait_queue_exclusive(head, entry)
    else w.add_wait_queue(head, entry)
  }
}

test('WAIT-01 plain waiters stand at the head, newest first; one exclusive one is woken per call', () => {
  const { log } = checked(function* (say) {
    const head = w.DECLARE_WAIT_QUEUE_HEAD('head')
    yield* waiters(head, 'aAbB', say)
    yield* sim(w.wake_up(head))
    say('|')
    yield* sim(w.wake_up_nr(head, 2))
    say('|')
    yield* sim(w.wake_up_all(head))
  })
  expect(log.join('')).toBe('BAa|BAab|BAab')
})

test('WAIT-01 priority entries go before plain ones, and a second exclusive one is refused', () => {
  const { log } = checked(function* (say) {
    const head = w.DECLARE_WAIT_QUEUE_HEAD('head')
    const first = new w.wait_queue_entry()
    w.init_waitqueue_func_entry(first, () => (say('P'), 1))
    say(w.add_wait_queue_priority_exclusive(head, first))
    yield* waiters(head, 'A', say)
    say(w.add_wait_queue_priority_exclusive(head, new w.wait_queue_entry()))
    yield* sim(w.wake_up(head))
  })
  expect(log).toEqual(['0', '-16', 'P'])
})

test('WAIT-01 a wake function that answers less than 0 ends the walk', () => {
  const { log } = checked(function* (say) {
    const head = w.DECLARE_WAIT_QUEUE_HEAD('head')
    yield* waiters(head, 'A', say)
    const stop = new w.wait_queue_entry()
    w.init_waitqueue_func_entry(stop, () => (say('stop'), -1))
    w.add_wait_queue(head, stop)
    yield* sim(w.wake_up_all(head))
  })
  expect(log).toEqual(['stop'])
})

test('WAIT-03 a signal ends an interruptible wait only while the condition is false', () => {
  const { log } = checked(function* (say) {
    const head = w.DECLARE_WAIT_QUEUE_HEAD('head')
    const t = thread('sleeper', function* () {
      sched.allow_signal(sched.SIGINT)
      say(yield* sim(w.wait_event_interruptible(head, () => false)))
      say(yield* sim(w.wait_event_interruptible(head, () => true)))
      say(yield* sim(w.wait_event_interruptible_timeout(head, () => false, 100)))
      say(yield* sim(w.wait_event_timeout(head, () => false, 2)))
    })
    yield* sim(msleep(10))
    sched.send_sig(sched.SIGINT, t, 0)
    yield* sim(msleep(100))
  })
  expect(log).toEqual(['-512', '0', '-512', '0'])
})

test('WAIT-03 timeouts answer at least 1 when the condition is true, even with 0 jiffies', () => {
  const { log } = checked(function* (say) {
    const head = w.DECLARE_WAIT_QUEUE_HEAD('head')
    say(yield* sim(w.wait_event_timeout(head, () => true, 0)))
    say(yield* sim(w.wait_event_timeout(head, () => true, 25)))
    say(yield* sim(w.wait_event_timeout(head, () => false, 3)))
    say(yield* sim(w.wait_event_hrtimeout(head, () => false, 1_000_000)))
    say(yield* sim(w.wait_event_hrtimeout(head, () => true, 1_000_000)))
  })
  expect(log).toEqual(['1', '25', '0', '-62', '0'])
})

test('WAIT-03 only a fatal signal ends a killable wait', () => {
  const { log } = checked(function* (say) {
    const head = w.DECLARE_WAIT_QUEUE_HEAD('head')
    const t = thread('sleeper', function* () {
      sched.allow_signal(sched.SIGINT)
      sched.allow_signal(sched.SIGKILL)
      say(yield* sim(w.wait_event_killable(head, () => false)))
    })
    yield* sim(msleep(10))
    sched.send_sig(sched.SIGINT, t, 0)
    yield* sim(msleep(10))
    say('still asleep')
    sched.send_sig(sched.SIGKILL, t, 0)
    yield* sim(msleep(10))
  })
  expect(log).toEqual(['still asleep', '-512'])
})

test('WAIT-04 a woken entry has left the queue by itself; finish_wait sets the state back', () => {
  const { log } = checked(function* (say) {
    const head = w.DECLARE_WAIT_QUEUE_HEAD('head')
    const t = thread('sleeper', function* () {
      const entry = w.DEFINE_WAIT()
      w.prepare_to_wait(head, entry, sched.TASK_UNINTERRUPTIBLE)
      yield* sim(sched.schedule())
      say(w.waitqueue_active(head))
      w.prepare_to_wait(head, entry, sched.TASK_UNINTERRUPTIBLE)
      w.finish_wait(head, entry)
      say(sched.get_current().__state, w.waitqueue_active(head))
    })
    yield* sim(msleep(5))
    say(t.__state, w.waitqueue_active(head))
    yield* sim(w.wake_up(head))
    yield* sim(msleep(5))
  })
  expect(log).toEqual(['2 1', '0', '0 0'])
})

test('WAIT-07 waiting for a completion under a lock that the completer needs is not foreseen', () => {
  const { kinds, dmesg } = checked(
    function* () {
      const [lock, done] = [DEFINE_MUTEX('lock'), DECLARE_COMPLETION('done')]
      thread('completer', function* () {
        yield* sim(msleep(5))
        yield* sim(mutex_lock(lock))
        complete(done)
        mutex_unlock(lock)
      })
      yield* sim(mutex_lock(lock))
      yield* sim(wait_for_completion(done))
    },
    { untilNs: 500e9 },
  )
  expect(kinds.filter((kind) => kind.startsWith('lockdep'))).toEqual([])
  expect(kinds).toContain('hung-task')
  expect(dmesg.find((line) => line.includes('blocked on a mutex'))).toMatch(
    /INFO: task completer:\d+ is blocked on a mutex likely owned by task main:1\./,
  )
})

test('WAIT-02 a variable is waited for by its address, with or without a timeout', () => {
  const { log } = checked(function* (say) {
    const box = { value: 0 }
    thread('setter', function* () {
      yield* sim(msleep(5))
      box.value = 1
      yield* sim(wb.wake_up_var(box))
    })
    yield* sim(wb.wait_var_event(box, () => box.value === 1))
    say('set')
    say(yield* sim(wb.wait_var_event_timeout(box, () => box.value === 2, 3)))
    const word = new Uint32Array([1])
    say(yield* sim(wb.wait_on_bit_timeout(word, 0, sched.TASK_UNINTERRUPTIBLE, 2)))
  })
  expect(log).toEqual(['set', '0', '-11'])
})
