import { expect, test } from 'vitest'
import { EAGAIN, EINTR, EINVAL } from '../../../src-sim/linux/errno'
import { IS_ERR, PTR_ERR, ERR_PTR } from '../../../src-sim/linux/err'
import { msleep } from '../../../src-sim/linux/delay'
import { mmap_write_lock, mmap_write_unlock } from '../../../src-sim/linux/mmap_lock'
import * as mn from '../../../src-sim/linux/mmu_notifier'
import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from '../../../src-sim/linux/mutex'
import { DEFINE_SPINLOCK, spin_lock, spin_unlock } from '../../../src-sim/linux/spinlock'
import { mmdrop, mmgrab, mmput } from '../../../src-sim/linux/sched/mm'
import { current } from '../../../src-sim/kernel/sched/schedule'
import { sendSignal } from '../../../src-sim/kernel/sched/signal'
import { load } from '../../../src-sim/kernel/locking/atomic'
import { kcall, sim } from '../../sim/harness'
import { checked } from '../checked'
import { beside, callback, change, notifier, range, space, speaking } from './kit'

test('MMUN-01 registering takes one mm_count, no mm_users, and puts the newest first', () => {
  const { log, kinds } = checked(function* (say) {
    const mm = space()
    const a = notifier(speaking(say, 'a '))
    const b = notifier(speaking(say, 'b '))
    say(yield* kcall(mn.mmu_notifier_register, a, mm))
    say(yield* kcall(mn.mmu_notifier_register, b, mm))
    say(load(mm.mm_count), load(mm.mm_users), a.users, b.users)
    yield* change(range(mm))
    yield* kcall(mn.mmu_notifier_unregister, b, mm)
    yield* kcall(mn.mmu_notifier_unregister, a, mm)
    say(load(mm.mm_count))
  })
  expect(log.slice(0, 7)).toEqual(['0', '0', '3 1 1 1', 'b start 0', 'a start 0', 'b end 0', 'a end 0'])
  expect(log.at(-1)).toBe('1')
  expect(kinds).toEqual([])
})

test('MMUN-01 secondary TLB users must not have start or end as well', () => {
  const { log, kinds } = checked(function* (say) {
    const mm = space()
    const ops = { ...speaking(say), arch_invalidate_secondary_tlbs: () => {} }
    say(yield* kcall(mn.mmu_notifier_register, notifier(ops), mm))
    say(yield* kcall(mn.mmu_notifier_register, notifier({ arch_invalidate_secondary_tlbs: () => {} }), mm))
  })
  expect(log).toEqual([String(-EINVAL), '0'])
  expect(kinds).toEqual(['warn.mmu-notifier-hooks'])
})

test('MMUN-01 a pending signal refuses the registration', () => {
  const { log } = checked(function* (say) {
    const mm = space()
    sendSignal(current(), 9)
    say(yield* kcall(mn.mmu_notifier_register, notifier(speaking(say)), mm))
    say(load(mm.mm_count))
  })
  expect(log).toEqual([String(-EINTR), '1'])
})

test('MMUN-01 a dying address space cannot be registered with', () => {
  const { kinds, dmesg } = checked(function* (say) {
    const mm = space()
    mmgrab(mm)
    yield* sim(mmput(mm))
    yield* kcall(mn.mmu_notifier_register, notifier(speaking(say)), mm)
  })
  expect(kinds).toEqual(['oops.bug'])
  expect(dmesg.some((line) => line.startsWith('kernel BUG at mm/mmu_notifier.c'))).toBe(true)
})

test('MMUN-02 one slow callback delays the unregistering from every address space', () => {
  const { log } = checked(function* (say) {
    const slow = space()
    const other = space()
    const ops = {
      invalidate_range_start: callback<() => number>(function* () {
        yield* sim(msleep(50))
        say('slow done')
        return 0
      }),
    }
    const b = notifier({})
    yield* kcall(mn.mmu_notifier_register, notifier(ops), slow)
    yield* kcall(mn.mmu_notifier_register, b, other)
    beside(() => change(range(slow)))
    yield* sim(msleep(10))
    yield* kcall(mn.mmu_notifier_unregister, b, other)
    say('unregistered')
  })
  expect(log).toEqual(['slow done', 'unregistered'])
})

test('MMUN-03 start comes before the change and end after it, with the same range', () => {
  const { log } = checked(function* (say) {
    const mm = space()
    const ops = {
      invalidate_range_start: (_: unknown, r: mn.mmu_notifier_range) => {
        say('start', r.start.toString(16), r.end.toString(16))
        return 0
      },
      invalidate_range_end: (_: unknown, r: mn.mmu_notifier_range) =>
        say('end', r.start.toString(16), r.end.toString(16)),
    }
    yield* kcall(mn.mmu_notifier_register, notifier(ops), mm)
    const r = range(mm, 2)
    yield* kcall(mn.mmu_notifier_invalidate_range_start, r)
    say('change')
    yield* kcall(mn.mmu_notifier_invalidate_range_end, r)
  })
  expect(log).toEqual(['start 10000000 10002000', 'change', 'end 10000000 10002000'])
})

test('MMUN-04 changes nest in one thread and overlap between threads', () => {
  const { log } = checked(function* (say) {
    const mm = space()
    let depth = 0
    const ops = {
      invalidate_range_start: () => {
        say('depth', ++depth)
        return 0
      },
      invalidate_range_end: () => void depth--,
    }
    yield* kcall(mn.mmu_notifier_register, notifier(ops), mm)
    const outer = range(mm, 4)
    yield* kcall(mn.mmu_notifier_invalidate_range_start, outer)
    yield* change(range(mm))
    beside(() => change(range(mm)))
    yield* sim(msleep(1))
    yield* kcall(mn.mmu_notifier_invalidate_range_end, outer)
    say('left', depth)
  })
  expect(log).toEqual(['depth 1', 'depth 2', 'depth 2', 'left 0'])
})

test('MMUN-05 a callback that may sleep where it must not is reported as non-blocking', () => {
  const { dmesg, kinds } = checked(function* () {
    const mm = space()
    const lock = DEFINE_MUTEX('lock')
    const ops = {
      invalidate_range_start: callback<() => number>(function* () {
        yield* sim(mutex_lock(lock))
        mutex_unlock(lock)
        return 0
      }),
    }
    yield* kcall(mn.mmu_notifier_register, notifier(ops), mm)
    const r = range(mm)
    yield* kcall(mn.mmu_notifier_invalidate_range_start_nonblock, r)
    yield* kcall(mn.mmu_notifier_invalidate_range_end, r)
  })
  expect(kinds).toEqual(['sleep.in-atomic'])
  expect(dmesg.find((line) => line.includes('non_block: 1'))).toMatch(
    /^in_atomic\(\): 0, irqs_disabled\(\): 0, non_block: 1, pid: \d+, name: main$/,
  )
})

test('MMUN-05 a callback that really sleeps there is reported when it is scheduled away', () => {
  const { kinds } = checked(function* () {
    const mm = space()
    const ops = {
      invalidate_range_start: callback<() => number>(function* () {
        yield* sim(msleep(1))
        return 0
      }),
    }
    yield* kcall(mn.mmu_notifier_register, notifier(ops), mm)
    yield* kcall(mn.mmu_notifier_invalidate_range_start_nonblock, range(mm))
  })
  expect(kinds).toEqual(['sleep.non-blocking-section'])
})

test('MMUN-05 an error in a blockable range warns, and the change goes on', () => {
  const { log, kinds, dmesg } = checked(function* (say) {
    const mm = space()
    const ops = { invalidate_range_start: () => -EAGAIN }
    yield* kcall(mn.mmu_notifier_register, notifier(ops), mm)
    const r = range(mm)
    say(mn.mmu_notifier_range_blockable(r))
    say((yield* kcall(mn.mmu_notifier_invalidate_range_start, r)) as unknown)
    say(mn.mmu_notifier_range_blockable(r))
  })
  expect(log).toEqual(['false', '', 'true'])
  expect(kinds).toEqual(['warn.mmu-notifier-failed'])
  expect(dmesg.some((l) => / callback failed with -11 in blockable context\.$/.test(l))).toBe(true)
})

test('MMUN-05 the blockable form announces that it may sleep even without subscribers', () => {
  const { kinds } = checked(function* () {
    const lock = DEFINE_SPINLOCK('lock')
    yield* kcall(spin_lock, lock)
    yield* kcall(mn.mmu_notifier_invalidate_range_start, range(space()))
    spin_unlock(lock)
  })
  expect(kinds).toContain('sleep.in-atomic')
})

test('MMUN-06 after -EAGAIN all are called, the core ends those that have an end, nobody else', () => {
  const { log, kinds, dmesg } = checked(function* (say) {
    const mm = space()
    const good = notifier(speaking(say, 'good '))
    const bad = notifier({
      invalidate_range_start: () => {
        say('bad start')
        return -EAGAIN
      },
    })
    yield* kcall(mn.mmu_notifier_register, good, mm)
    yield* kcall(mn.mmu_notifier_register, bad, mm)
    say(yield* kcall(mn.mmu_notifier_invalidate_range_start_nonblock, range(mm)))
  })
  expect(log).toEqual(['bad start', 'good start 0', 'good end 0', String(-EAGAIN)])
  expect(kinds).toEqual([])
  expect(dmesg.some((l) => / callback failed with -11 in non-blockable context\.$/.test(l))).toBe(true)
})

test('MMUN-06 a start that may fail must not have an end', () => {
  const { kinds, log } = checked(function* (say) {
    const mm = space()
    const ops = { ...speaking(say), invalidate_range_start: () => -EAGAIN }
    yield* kcall(mn.mmu_notifier_register, notifier(ops), mm)
    say(yield* kcall(mn.mmu_notifier_invalidate_range_start_nonblock, range(mm)))
  })
  expect(kinds).toEqual(['warn.mmu-notifier-failed-with-end'])
  expect(log).toEqual(['end 0', String(-EAGAIN)])
})

test('MMUN-08 secondary TLB users hear of flushes only, and must not sleep there', () => {
  const { log, kinds } = checked(function* (say) {
    const mm = space()
    const ops = {
      arch_invalidate_secondary_tlbs: (_: unknown, __: unknown, start: number, end: number) =>
        say('tlb', start.toString(16), end.toString(16)),
      release: () => say('release'),
    }
    const n = notifier(ops)
    yield* kcall(mn.mmu_notifier_register, n, mm)
    yield* change(range(mm))
    say('no event')
    mn.mmu_notifier_arch_invalidate_secondary_tlbs(mm, 0x1000, 0x2000)
    yield* kcall(mn.mmu_notifier_unregister, n, mm)
  })
  expect(log).toEqual(['no event', 'tlb 1000 2000', 'release'])
  expect(kinds).toEqual([])
})

test('MMUN-09 the end of an address space releases before anything is unmapped', () => {
  const { log } = checked(function* (say) {
    const mm = space()
    const n = notifier({
      release: (_, of) => say('release', load(of.mm_users), of.notifier_subscriptions !== null),
    })
    yield* kcall(mn.mmu_notifier_register, n, mm)
    yield* kcall(mmput, mm)
    say('gone')
    yield* kcall(mn.mmu_notifier_unregister, n, mm)
    say('unregistered')
  })
  expect(log).toEqual(['release 0 true', 'gone', 'unregistered'])
})

test('MMUN-10 exit and unregistering may both call release, at the same time', () => {
  const { log } = checked(function* (say) {
    const mm = space()
    let inside = 0
    const n = notifier({
      release: callback(function* () {
        say('in', ++inside)
        yield* sim(msleep(20))
        inside--
      }),
    })
    yield* kcall(mn.mmu_notifier_register, n, mm)
    mmgrab(mm)
    beside(function* () {
      yield* sim(msleep(5))
      yield* kcall(mmput, mm)
      say('exited')
    })
    yield* kcall(mn.mmu_notifier_unregister, n, mm)
    say('unregistered')
    yield* sim(msleep(100))
    mmdrop(mm)
  })
  expect(log.slice(0, 2)).toEqual(['in 1', 'in 2'])
  expect(log.slice(2).sort()).toEqual(['exited', 'unregistered'])
})

test('MMUN-12 after release the list is empty, and exit has waited for every callback', () => {
  const { log } = checked(function* (say) {
    const mm = space()
    mmgrab(mm)
    const n = notifier(speaking(say))
    const reader = notifier({
      invalidate_range_start: callback<() => number>(function* () {
        yield* sim(msleep(30))
        say('reader done')
        return 0
      }),
    })
    const other = space()
    yield* kcall(mn.mmu_notifier_register, reader, other)
    yield* kcall(mn.mmu_notifier_register, n, mm)
    beside(() => change(range(other)))
    yield* sim(msleep(5))
    yield* kcall(mmput, mm)
    say('exited')
    yield* change(range(mm))
  })
  expect(log).toEqual(['release 0', 'reader done', 'exited'])
})

test('MMUN-13 unregistering calls release once, waits for callbacks and drops the count', () => {
  const { log, kinds } = checked(function* (say) {
    const mm = space()
    const n = notifier({
      release: () => say('release'),
      invalidate_range_start: callback<() => number>(function* () {
        yield* sim(msleep(30))
        say('callback done')
        return 0
      }),
    })
    yield* kcall(mn.mmu_notifier_register, n, mm)
    beside(() => change(range(mm)))
    yield* sim(msleep(5))
    yield* kcall(mn.mmu_notifier_unregister, n, mm)
    say('unregistered', load(mm.mm_count))
    yield* change(range(mm))
  })
  expect(log).toEqual(['release', 'callback done', 'unregistered 1'])
  expect(kinds).toEqual([])
})

test('MMUN-14 get shares one notifier per address space and table of functions', () => {
  const { log, kinds } = checked(function* (say) {
    const mm = space()
    const ops = sharing(say)
    const a = yield* kcall(mn.mmu_notifier_get, ops, mm)
    const b = yield* kcall(mn.mmu_notifier_get, ops, mm)
    const c = yield* kcall(mn.mmu_notifier_get, sharing(say), mm)
    say(a === b, a === c, a.users)
    mn.mmu_notifier_put(a)
    mn.mmu_notifier_put(b)
    say('put')
    yield* kcall(mn.mmu_notifier_synchronize)
    say('synchronized')
    const d = yield* kcall(mn.mmu_notifier_get, ops, mm)
    say(d === a)
  })
  expect(log).toEqual(['alloc', 'alloc', 'true false 2', 'put', 'free', 'synchronized', 'alloc', 'false'])
  expect(kinds).toEqual([])
})

test('MMUN-14 an error of alloc_notifier is passed on; one of registering frees again', () => {
  const { log } = checked(function* (say) {
    const mm = space()
    const none = yield* kcall(mn.mmu_notifier_get, { alloc_notifier: () => ERR_PTR(-12) as never }, mm)
    say(IS_ERR(none), PTR_ERR(none))
    sendSignal(current(), 9)
    const failed = yield* kcall(mn.mmu_notifier_get, sharing(say), mm)
    say(PTR_ERR(failed))
  })
  expect(log).toEqual(['true -12', 'alloc', 'free', String(-EINTR)])
})

test('MMUN-14 put never calls release, and one put too many warns', () => {
  const { log, kinds } = checked(function* (say) {
    const mm = space()
    const ops = { ...sharing(say), release: () => say('release') }
    const a = yield* kcall(mn.mmu_notifier_get, ops, mm)
    mn.mmu_notifier_put(a)
    mn.mmu_notifier_put(a)
    yield* kcall(mn.mmu_notifier_synchronize)
  })
  expect(log).toEqual(['alloc', 'free'])
  expect(kinds).toEqual(['warn.mmu-notifier-put'])
})

test('MMUN-14 put is allowed inside release and after the exit', () => {
  const { log, kinds } = checked(function* (say) {
    const mm = space()
    const ops = sharing(say)
    ops.release = (n) => {
      say('release')
      mn.mmu_notifier_put(n)
    }
    yield* kcall(mn.mmu_notifier_get, ops, mm)
    yield* kcall(mmput, mm)
    yield* kcall(mn.mmu_notifier_synchronize)
  })
  expect(log).toEqual(['alloc', 'release', 'free'])
  expect(kinds).toEqual([])
})

test('MMUN-15 synchronize returns when the callbacks of earlier puts have run', () => {
  const { log } = checked(function* (say) {
    const mm = space()
    const a = yield* kcall(mn.mmu_notifier_get, sharing(say), mm)
    mn.mmu_notifier_put(a)
    yield* kcall(mn.mmu_notifier_synchronize)
    say('exit function returns')
  })
  expect(log).toEqual(['alloc', 'free', 'exit function returns'])
})

test('MMUN-19 the owner is handed on, and events have their numbers', () => {
  const owner = {}
  const { log } = checked(function* (say) {
    const mm = space()
    const ops = {
      invalidate_range_start: (_: unknown, r: mn.mmu_notifier_range) => {
        say(r.event, r.owner === owner)
        return 0
      },
    }
    yield* kcall(mn.mmu_notifier_register, notifier(ops), mm)
    const r = new mn.mmu_notifier_range()
    mn.mmu_notifier_range_init_owner(r, mn.MMU_NOTIFY_MIGRATE, 0, mm, 0, 0x1000, owner)
    yield* change(r)
    yield* change(range(mm, 1, 0, mn.MMU_NOTIFY_EXCLUSIVE))
  })
  expect(log).toEqual(['6 true', '7 false'])
})

test('MMUN-19 aging asks every subscriber, or until one says yes', () => {
  const { log } = checked(function* (say) {
    const mm = space()
    const asked = (name: string, young: boolean): mn.mmu_notifier => notifier({
      clear_flush_young: () => (say(name, 'flush'), young),
      clear_young: () => (say(name, 'clear'), young),
      test_young: () => (say(name, 'test'), young),
    })
    yield* kcall(mn.mmu_notifier_register, asked('a', false), mm)
    yield* kcall(mn.mmu_notifier_register, asked('b', true), mm)
    say(yield* kcall(mn.mmu_notifier_clear_flush_young, mm, 0, 1))
    say(yield* kcall(mn.mmu_notifier_clear_young, mm, 0, 1))
    say(yield* kcall(mn.mmu_notifier_test_young, mm, 0))
  })
  expect(log).toEqual(['b flush', 'a flush', 'true', 'b clear', 'a clear', 'true', 'b test', 'true'])
})

test('MMUN-24 the locked forms want the lock of the mappings', () => {
  const { log, kinds } = checked(function* (say) {
    const mm = space()
    yield* kcall(mmap_write_lock, mm)
    say(mn.__mmu_notifier_register(notifier({}), mm))
    mmap_write_unlock(mm)
    say(mn.__mmu_notifier_register(notifier({}), mm))
  })
  expect(log).toEqual(['0', '0'])
  expect(kinds).toEqual(['warn.lockdep-assert'])
})

/** Functions whose notifier is shared by all who ask. */
function sharing(say: (...what: unknown[]) => void): mn.mmu_notifier_ops {
  return {
    alloc_notifier: () => {
      say('alloc')
      return notifier({})
    },
    free_notifier: () => say('free'),
  }
}
