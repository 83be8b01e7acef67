import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { msleep } from '../../../src-sim/linux/delay'
import { DEFINE_MUTEX, mutex_is_locked } from '../../../src-sim/linux/mutex'
import * as rc from '../../../src-sim/linux/refcount'
import { GFP_KERNEL, kfree, kzalloc } from '../../../src-sim/linux/slab'
import { DEFINE_SPINLOCK, spin_is_locked } from '../../../src-sim/linux/spinlock'
import { sim } from '../../sim/harness'
import { checked, type Outcome, type Say } from '../checked'

const play = (body: (say: Say) => unknown): Outcome =>
  checked(function* (say): Sim {
    yield* sim(msleep(1))
    body(say)
  })
const texts = (o: Outcome): string[] => o.dmesg.filter((line) => line.startsWith('refcount_t: '))

test('REF-01 an error saturates the count, and it stays there whatever is done', () => {
  const outcome = play((say) => {
    const r = rc.REFCOUNT_INIT(0)
    rc.refcount_inc(r)
    say(rc.refcount_read(r), rc.REFCOUNT_SATURATED)
    rc.refcount_inc(r)
    say(rc.refcount_dec_and_test(r), rc.refcount_read(r))
  })
  expect(outcome.log).toEqual(['-1073741824 -1073741824', 'false -1073741824'])
})

test('REF-01 dec_not_one on 0 warns and leaves 0', () => {
  const outcome = play((say) => {
    const r = rc.REFCOUNT_INIT(0)
    say(rc.refcount_dec_not_one(r), rc.refcount_read(r))
  })
  expect(outcome.log).toEqual(['true 0'])
  expect(texts(outcome)).toEqual(['refcount_t: underflow; use-after-free.'])
})

test('REF-02 each misuse has its text, told once for the whole kernel', () => {
  const misuse: [string, () => void][] = [
    ['addition on 0; use-after-free.', () => rc.refcount_inc(rc.REFCOUNT_INIT(0))],
    ['saturated; leaking memory.', () => rc.refcount_add(1, rc.REFCOUNT_INIT(rc.REFCOUNT_MAX))],
    ['underflow; use-after-free.', () => void rc.refcount_dec_and_test(rc.REFCOUNT_INIT(0))],
    ['decrement hit 0; leaking memory.', () => rc.refcount_dec(rc.REFCOUNT_INIT(1))],
  ]
  for (const [text, act] of misuse) {
    const outcome = play(() => (act(), act()))
    expect(texts(outcome)).toEqual([`refcount_t: ${text}`])
    expect(outcome.dmesg[0]).toBe('------------[ cut here ]------------')
    expect(outcome.dmesg[2]).toMatch(/^WARNING: lib\/refcount\.c:\d+ at refcount_warn_saturate/)
  }
})

test('REF-02 overflow by add_not_zero is a site of its own', () => {
  const outcome = play(() => {
    rc.refcount_add(1, rc.REFCOUNT_INIT(rc.REFCOUNT_MAX))
    rc.refcount_add_not_zero(1, rc.REFCOUNT_INIT(rc.REFCOUNT_MAX))
  })
  expect(texts(outcome)).toHaveLength(2)
})

test('REF-03 inc_not_zero refuses 0 in silence and takes a saturated count', () => {
  const outcome = play((say) => {
    say(rc.refcount_inc_not_zero(rc.REFCOUNT_INIT(0)))
    const r = rc.REFCOUNT_INIT(2)
    say(rc.refcount_inc_not_zero(r), rc.refcount_read(r))
    say(rc.refcount_inc_not_zero(rc.REFCOUNT_INIT(rc.REFCOUNT_SATURATED)))
  })
  expect(outcome.log).toEqual(['false', 'true 3', 'true'])
  expect(texts(outcome)).toEqual(['refcount_t: saturated; leaking memory.'])
})

test('REF-04 the decrements that look first', () => {
  const outcome = play((say) => {
    say(rc.refcount_dec_and_test(rc.REFCOUNT_INIT(2)), rc.refcount_dec_and_test(rc.REFCOUNT_INIT(1)))
    say(rc.refcount_dec_if_one(rc.REFCOUNT_INIT(2)), rc.refcount_dec_if_one(rc.REFCOUNT_INIT(1)))
    const [one, two] = [rc.REFCOUNT_INIT(1), rc.REFCOUNT_INIT(2)]
    say(rc.refcount_dec_not_one(one), rc.refcount_read(one))
    say(rc.refcount_dec_not_one(two), rc.refcount_read(two))
    say(rc.refcount_dec_not_one(rc.REFCOUNT_INIT(rc.REFCOUNT_SATURATED)))
    say(rc.refcount_sub_and_test(3, rc.REFCOUNT_INIT(3)))
  })
  expect(outcome.log).toEqual(['false true', 'false true', 'false 1', 'true 1', 'true', 'true'])
  expect(outcome.kinds).toEqual([])
})

test('REF-04 the last reference comes with the lock, any other without', () => {
  const { log } = checked(function* (say) {
    const [m, s, r] = [DEFINE_MUTEX('m'), DEFINE_SPINLOCK('s'), rc.REFCOUNT_INIT(2)]
    say(yield* sim(rc.refcount_dec_and_mutex_lock(r, m)), mutex_is_locked(m))
    say(yield* sim(rc.refcount_dec_and_mutex_lock(r, m)), mutex_is_locked(m))
    rc.refcount_set(r, 2)
    say(yield* sim(rc.refcount_dec_and_lock(r, s)), spin_is_locked(s))
    say(yield* sim(rc.refcount_dec_and_lock(r, s)), spin_is_locked(s))
  })
  expect(log).toEqual(['false false', 'true true', 'false 0', 'true 1'])
})

class counted {
  refs = rc.REFCOUNT_INIT(1)
}

test('REF-02 REF-05 a count in freed memory shows the access before the misuse', () => {
  const { kinds } = checked(function* () {
    const object = kzalloc(counted, GFP_KERNEL)!
    yield* sim(msleep(1))
    if (rc.refcount_dec_and_test(object.refs)) kfree(object)
    rc.refcount_inc(object.refs)
  })
  expect(kinds).toEqual(['kasan.use-after-free', 'refcount.addition-on-0'])
})
