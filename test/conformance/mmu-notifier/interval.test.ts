import { expect, test } from 'vitest'
import { msleep } from '../../../src-sim/linux/delay'
import { EAGAIN, EINVAL, EOVERFLOW } from '../../../src-sim/linux/errno'
import * as mn from '../../../src-sim/linux/mmu_notifier'
import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from '../../../src-sim/linux/mutex'
import { GFP_KERNEL, kmalloc } from '../../../src-sim/linux/slab'
import { mmdrop, mmgrab, mmput } from '../../../src-sim/linux/sched/mm'
import { load } from '../../../src-sim/kernel/locking/atomic'
import { kcall, sim } from '../../sim/harness'
import { checked, type Say } from '../checked'
import { BASE, beside, callback, change, notifier, PAGE, range, space, speaking } from './kit'

type Interval = mn.mmu_interval_notifier

const plain: mn.mmu_interval_notifier_ops = {
  invalidate: (n, _, seq) => {
    mn.mmu_interval_set_seq(n, seq)
    return true
  },
}

const telling = (say: Say, name = 'invalidate'): mn.mmu_interval_notifier_ops => ({
  invalidate: (n, r, seq) => {
    say(name, r.event)
    mn.mmu_interval_set_seq(n, seq)
    return true
  },
})

function* inserted(
  mm: ReturnType<typeof space>, ops: mn.mmu_interval_notifier_ops, page = 0, pages = 1,
): Generator<unknown, Interval> {
  const n = new mn.mmu_interval_notifier()
  const at = BASE + page * PAGE
  const ret = yield* kcall(mn.mmu_interval_notifier_insert, n, mm, at, pages * PAGE, ops)
  expect(ret).toBe(0)
  return n
}

test('MMUN-06 the first refusal stops the tree, finishes what was begun, and calls no list', () => {
  const { log, kinds } = checked(function* (say) {
    const mm = space()
    yield* kcall(mn.mmu_notifier_register, notifier(speaking(say, 'list ')), mm)
    const two: mn.mmu_interval_notifier_ops = {
      invalidate_start: (n, _, seq, final) => {
        mn.mmu_interval_set_seq(n, seq)
        final.value = new mn.mmu_interval_notifier_finish()
        say('begun')
        return true
      },
      invalidate_finish: () => say('finished'),
    }
    const first = yield* inserted(mm, two, 0, 1)
    yield* inserted(mm, { invalidate: () => (say('refused'), false) }, 1)
    yield* inserted(mm, telling(say, 'never'), 2)
    say(yield* kcall(mn.mmu_notifier_invalidate_range_start_nonblock, range(mm, 4)))
    yield* kcall(mn.mmu_interval_read_begin, first)
    say('sequence closed')
  })
  expect(log).toEqual(['begun', 'refused', 'finished', String(-EAGAIN), 'sequence closed'])
  expect(kinds).toEqual([])
})

test('MMUN-06 a list that refuses after the tree leaves the tree open, which is reported', () => {
  const { kinds, log } = checked(function* (say) {
    const mm = space()
    const n = yield* inserted(mm, plain)
    const bad = notifier({ invalidate_range_start: () => -EAGAIN })
    yield* kcall(mn.mmu_notifier_register, bad, mm)
    say(yield* kcall(mn.mmu_notifier_invalidate_range_start_nonblock, range(mm)))
    beside(function* () {
      yield* kcall(mn.mmu_interval_read_begin, n)
      say('begun')
    })
    yield* sim(msleep(1000))
    say('still waiting')
  })
  expect(log).toEqual([String(-EAGAIN), 'still waiting'])
  expect(kinds).toEqual(['mmu-notifier.left-open'])
})

test('MMUN-07 the tree comes before the list at the start and at the end', () => {
  const { log } = checked(function* (say) {
    const mm = space()
    yield* kcall(mn.mmu_notifier_register, notifier({
      ...speaking(say, 'list '),
      invalidate_range_end: () => say('list end', n.invalidate_seq % 2, open()),
    }), mm)
    const n = yield* inserted(mm, telling(say))
    const open = (): boolean => {
      const { seq } = mm.notifier_subscriptions as unknown as { seq: number }
      return seq % 2 === 1
    }
    yield* change(range(mm))
  })
  expect(log).toEqual(['invalidate 0', 'list start 0', 'list end 1 false'])
})

test('MMUN-16 inserting checks its range and holds one mm_count', () => {
  const { log, kinds } = checked(function* (say) {
    const mm = space()
    const n = new mn.mmu_interval_notifier()
    const insert = (start: number, length: number) =>
      kcall(mn.mmu_interval_notifier_insert, n, mm, start, length, plain)
    say(yield* insert(BASE, 0))
    say(yield* insert(2 ** 64 - PAGE, 2 * PAGE))
    say(load(mm.mm_count))
    say(yield* insert(BASE, PAGE), load(mm.mm_count))
    yield* kcall(mn.mmu_interval_notifier_remove, n)
    say(load(mm.mm_count))
  })
  expect(log).toEqual([String(-EOVERFLOW), String(-EOVERFLOW), '1', '0 2', '1'])
  expect(kinds).toEqual([])
})

test('MMUN-16 an address space without users is refused with a warning', () => {
  const { log, kinds } = checked(function* (say) {
    const mm = space()
    const n = yield* inserted(mm, plain)
    yield* kcall(mmput, mm)
    const late = new mn.mmu_interval_notifier()
    say(yield* kcall(mn.mmu_interval_notifier_insert, late, mm, BASE, PAGE, plain))
    yield* kcall(mn.mmu_interval_notifier_remove, n)
  })
  expect(log).toEqual([String(-EINVAL)])
  expect(kinds).toEqual(['warn.mmu-notifier-no-users'])
})

test('MMUN-16 the first of two passes without the second warns', () => {
  const { kinds } = checked(function* () {
    yield* inserted(space(), { invalidate_start: () => true })
  })
  expect(kinds).toEqual(['warn.mmu-notifier-two-pass'])
})

test('MMUN-16 inserted during a change: it collides, and is in the tree when the change ends', () => {
  const { log } = checked(function* (say) {
    const mm = space()
    yield* inserted(mm, plain)
    const r = range(mm)
    yield* kcall(mn.mmu_notifier_invalidate_range_start, r)
    const late = yield* inserted(mm, telling(say, 'late'), 0)
    yield* change(range(mm))
    say('deferred')
    beside(function* () {
      const seq = yield* kcall(mn.mmu_interval_read_begin, late)
      say('read begun', mn.mmu_interval_read_retry(late, seq))
    })
    yield* sim(msleep(10))
    say('end')
    yield* kcall(mn.mmu_notifier_invalidate_range_end, r)
    yield* sim(msleep(10))
    yield* change(range(mm))
  })
  expect(log).toEqual(['deferred', 'end', 'read begun false', 'late 0'])
})

test('MMUN-16 inserted while only the list is told: the insertion makes the sequence odd', () => {
  const { log } = checked(function* (say) {
    const mm = space()
    const far = yield* inserted(mm, plain, 100)
    const r = range(mm)
    yield* kcall(mn.mmu_notifier_invalidate_range_start, r)
    const seq = yield* kcall(mn.mmu_interval_read_begin, far)
    const late = yield* inserted(mm, plain, 200)
    beside(function* () {
      yield* kcall(mn.mmu_interval_read_begin, late)
      say('late begins')
    })
    yield* sim(msleep(10))
    say('end', mn.mmu_interval_read_retry(far, seq))
    yield* kcall(mn.mmu_notifier_invalidate_range_end, r)
    yield* sim(msleep(10))
  })
  expect(log).toEqual(['end false', 'late begins'])
})

test('MMUN-16 removing waits for the change in progress, after which nothing is called', () => {
  const { log } = checked(function* (say) {
    const mm = space()
    const n = yield* inserted(mm, telling(say))
    const r = range(mm)
    yield* kcall(mn.mmu_notifier_invalidate_range_start, r)
    beside(function* () {
      yield* kcall(mn.mmu_interval_notifier_remove, n)
      say('removed', load(mm.mm_count))
    })
    yield* sim(msleep(10))
    say('end')
    yield* kcall(mn.mmu_notifier_invalidate_range_end, r)
    yield* sim(msleep(10))
    yield* change(range(mm))
  })
  expect(log).toEqual(['invalidate 0', 'end', 'removed 1'])
})

test('MMUN-16 removing twice warns', () => {
  const { kinds } = checked(function* () {
    const mm = space()
    const n = yield* inserted(mm, plain)
    yield* kcall(mn.mmu_interval_notifier_remove, n)
    yield* kcall(mn.mmu_interval_notifier_remove, n)
  })
  expect(kinds).toEqual(['warn.mmu-notifier-remove'])
})

test('MMUN-16 removing with the lock of the callback held is a deadlock for the lock checker', () => {
  const { kinds, dmesg } = checked(function* () {
    const mm = space()
    const lock = DEFINE_MUTEX('driver_lock')
    const n = yield* inserted(mm, {
      invalidate: callback<() => boolean>(function* () {
        yield* sim(mutex_lock(lock))
        mn.mmu_interval_set_seq(n, 3)
        mutex_unlock(lock)
        return true
      }),
    })
    yield* change(range(mm))
    yield* kcall(mutex_lock, lock)
    yield* kcall(mn.mmu_interval_notifier_remove, n)
    mutex_unlock(lock)
  })
  expect(kinds).toEqual(['lockdep.circular'])
  expect(dmesg.join('\n')).toContain('mmu_notifier_invalidate_range_start')
})

test('MMUN-17 at the end of the address space it hears RELEASE and stays until removed', () => {
  const { log, kinds } = checked(function* (say) {
    const mm = space()
    const n = yield* inserted(mm, {
      invalidate: (i, r, seq) => {
        say(r.event, r.start, r.end > 2 ** 63, mn.mmu_notifier_range_blockable(r))
        mn.mmu_interval_set_seq(i, seq)
        return true
      },
    })
    mmgrab(mm)
    yield* kcall(mmput, mm)
    yield* change(range(mm))
    yield* kcall(mn.mmu_interval_notifier_remove, n)
    yield* change(range(mm))
    mmdrop(mm)
  })
  expect(log).toEqual(['5 0 true true', `0 ${BASE} false true`])
  expect(kinds).toEqual([])
})

test('MMUN-17 refusing RELEASE warns', () => {
  const { kinds } = checked(function* () {
    const mm = space()
    yield* inserted(mm, { invalidate: () => false })
    yield* kcall(mmput, mm)
  })
  expect(kinds).toEqual(['warn.mmu-notifier-refused'])
})

test('MMUN-18 a change in between makes the reader try again; one elsewhere does not', () => {
  const { log } = checked(function* (say) {
    const mm = space()
    const n = yield* inserted(mm, plain)
    const seq = yield* kcall(mn.mmu_interval_read_begin, n)
    say('sequence', seq % 2)
    yield* change(range(mm, 1, BASE + 8 * PAGE))
    say(mn.mmu_interval_read_retry(n, seq), mn.mmu_interval_check_retry(n, seq))
    yield* change(range(mm))
    say(mn.mmu_interval_read_retry(n, seq), mn.mmu_interval_check_retry(n, seq))
    const again = yield* kcall(mn.mmu_interval_read_begin, n)
    say(mn.mmu_interval_read_retry(n, again))
  })
  expect(log).toEqual(['sequence 1', 'false false', 'true true', 'false'])
})

test('MMUN-18 reading begins only when no change of the range is in progress', () => {
  const { log } = checked(function* (say) {
    const mm = space()
    const n = yield* inserted(mm, plain)
    const r = range(mm)
    yield* kcall(mn.mmu_notifier_invalidate_range_start, r)
    beside(function* () {
      yield* kcall(mn.mmu_interval_read_begin, n)
      say('begun')
    })
    yield* sim(msleep(10))
    say('end')
    yield* kcall(mn.mmu_notifier_invalidate_range_end, r)
    yield* sim(msleep(10))
  })
  expect(log).toEqual(['end', 'begun'])
})

test('MMUN-18 the sequence of a subscription is the odd one of the change it was told of', () => {
  const { log } = checked(function* (say) {
    const mm = space()
    const a = yield* inserted(mm, plain, 0)
    const b = yield* inserted(mm, plain, 8)
    say(a.invalidate_seq, b.invalidate_seq)
    yield* change(range(mm, 1))
    say(a.invalidate_seq, b.invalidate_seq)
    yield* change(range(mm, 16))
    say(a.invalidate_seq, b.invalidate_seq)
  })
  expect(log).toEqual(['1 1', '3 1', '5 5'])
})

test('MMUN-18 a refusal in a blockable range warns and is ignored', () => {
  const { log, kinds } = checked(function* (say) {
    const mm = space()
    yield* inserted(mm, { invalidate: () => (say('refused'), false) }, 0)
    yield* inserted(mm, telling(say, 'next'), 1)
    yield* change(range(mm, 4))
  })
  expect(log).toEqual(['refused', 'next 0'])
  expect(kinds).toEqual(['warn.mmu-notifier-refused'])
})

test('MMUN-21 all first passes come before all second ones, the list after both', () => {
  const { log } = checked(function* (say) {
    const mm = space()
    yield* kcall(mn.mmu_notifier_register, notifier(speaking(say, 'list ')), mm)
    const two = (name: string, later = true): mn.mmu_interval_notifier_ops => ({
      invalidate_start: (n, _, seq, final) => {
        mn.mmu_interval_set_seq(n, seq)
        if (later) final.value = Object.assign(new mn.mmu_interval_notifier_finish(), { name })
        say('start', name)
        return true
      },
      invalidate_finish: (final) => say('finish', (final as { name?: string }).name),
    })
    yield* inserted(mm, two('b'), 1)
    yield* inserted(mm, two('a'), 0)
    yield* inserted(mm, telling(say, 'plain'), 2)
    yield* inserted(mm, two('alone', false), 3)
    yield* change(range(mm, 8))
  })
  expect(log).toEqual([
    'start a', 'start b', 'plain 0', 'start alone', 'finish a', 'finish b', 'list start 0', 'list end 0',
  ])
})

test('MMUN-21 the second pass runs for RELEASE, too, and knows its subscription', () => {
  const { log } = checked(function* (say) {
    const mm = space()
    const n = yield* inserted(mm, {
      invalidate_start: (_, r, __, final) => {
        final.value = new mn.mmu_interval_notifier_finish()
        say('start', r.event)
        return true
      },
      invalidate_finish: (final) => say('finish', final.notifier === n),
    })
    yield* kcall(mmput, mm)
    yield* kcall(mn.mmu_interval_notifier_remove, n)
  })
  expect(log).toEqual(['start 5', 'finish true'])
})

test('MMUN-11 allocating under a lock that a callback takes is a deadlock for the lock checker', () => {
  const { kinds, dmesg } = checked(function* () {
    const mm = space()
    const lock = DEFINE_MUTEX('driver_lock')
    yield* inserted(mm, {
      invalidate: callback<() => boolean>(function* () {
        yield* sim(mutex_lock(lock))
        mutex_unlock(lock)
        return true
      }),
    })
    yield* change(range(mm))
    yield* kcall(mutex_lock, lock)
    yield* kcall(kmalloc, 64, GFP_KERNEL)
    mutex_unlock(lock)
  })
  expect(kinds).toEqual(['lockdep.circular'])
  expect(dmesg.join('\n')).toContain('mmu_notifier_invalidate_range_start')
})
