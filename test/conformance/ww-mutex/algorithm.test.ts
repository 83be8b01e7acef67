import { describe, expect, it } from 'vitest'
import { send_sig } from '../../../src-sim/linux/sched/signal'
import { get_current, type task_struct } from '../../../src-sim/linux/sched'
import { allow_signal } from '../../../src-sim/linux/sched/signal'
import * as ww from '../../../src-sim/linux/ww_mutex'
import { sim } from '../../sim/harness'
import { checked } from '../checked'
import { begin, end, go, lock, locksOf, sleep, slow } from './support'

const CLASSES = [
  ['wound-wait', ww.DEFINE_WW_CLASS],
  ['wait-die', ww.DEFINE_WD_CLASS],
] as const

describe.each(CLASSES)('%s', (_name, define) => {
  it('WW-03 one\'s own lock is -EALREADY; trying it fails with a context and without', () => {
    const { log } = checked(function* (say) {
      const cls = define('cls')
      const [a] = locksOf(cls, 1)
      const ctx = begin(cls)
      say(yield* lock(a!, ctx), yield* lock(a!, ctx))
      say(ww.ww_mutex_trylock(a!, ctx), ww.ww_mutex_trylock(a!, null))
      end(ctx, a!)
      say(ww.ww_mutex_trylock(a!, null))
      ww.ww_mutex_unlock(a!)
    })
    expect(log).toEqual(['0 -114', '0 0', '1'])
  })

  it('WW-03 a context that holds nothing waits, however old the other is', () => {
    const { log, kinds } = checked(function* (say) {
      const cls = define('cls')
      const [a] = locksOf(cls, 1)
      const old = begin(cls)
      yield* lock(a!, old)
      yield* go('young', function* () {
        const young = begin(cls)
        say('young', yield* lock(a!, young))
        end(young, a!)
      })
      yield* sleep(10)
      say('unlock')
      end(old, a!)
      yield* sleep(10)
    })
    expect([log, kinds]).toEqual([['unlock', 'young 0'], []])
  })

  it('WW-02 WW-05 the one that backs off keeps its age and gets through', () => {
    const { log, kinds } = checked(function* (say) {
      const cls = define('cls')
      const [a, b] = locksOf(cls, 2)
      const old = begin(cls)
      yield* lock(a!, old)
      yield* go('young', function* () {
        const young = begin(cls)
        const { stamp } = young
        yield* lock(b!, young)
        yield* sleep(5)
        const ret = yield* lock(a!, young)
        say('young', ret)
        ww.ww_mutex_unlock(b!)
        yield* slow(a!, young)
        say('young slow', young.stamp === stamp, yield* lock(b!, young))
        end(young, a!, b!)
      })
      yield* sleep(2)
      say('old', yield* lock(b!, old))
      end(old, a!, b!)
      yield* sleep(20)
    })
    expect(log).toEqual(['young -35', 'old 0', 'young slow true 0'])
    expect(kinds).toEqual([])
  })

  it('WW-06 without a context it is a plain mutex, first come first served', () => {
    const { log } = checked(function* (say) {
      const cls = define('cls')
      const [a] = locksOf(cls, 1)
      yield* lock(a!, null)
      for (const name of ['one', 'two', 'three']) {
        yield* go(name, function* () {
          say(name, yield* lock(a!, null))
          ww.ww_mutex_unlock(a!)
        })
        yield* sleep(2)
      }
      ww.ww_mutex_unlock(a!)
      yield* sleep(10)
    })
    expect(log).toEqual(['one 0', 'two 0', 'three 0'])
  })

  it('WW-06 a holder without a context makes nobody back off', () => {
    const { log } = checked(function* (say) {
      const cls = define('cls')
      const [a, b] = locksOf(cls, 2)
      yield* go('plain', function* () {
        yield* lock(a!, null)
        yield* sleep(20)
        ww.ww_mutex_unlock(a!)
      })
      yield* sleep(2)
      const ctx = begin(cls)
      yield* lock(b!, ctx)
      say(yield* lock(a!, ctx))
      end(ctx, a!, b!)
    })
    expect(log).toEqual(['0'])
  })

  it('WW-07 waiters with a context are served by age', () => {
    const { log } = checked(function* (say) {
      const cls = define('cls')
      const [a] = locksOf(cls, 1)
      yield* lock(a!, null)
      const contexts: ww.ww_acquire_ctx[] = []
      const names = ['oldest', 'middle', 'youngest']
      for (const _ of names) contexts.push(new ww.ww_acquire_ctx())
      contexts.forEach((ctx) => ww.ww_acquire_init(ctx, cls))
      for (const ctx of contexts) ww.ww_acquire_fini(ctx)
      for (const i of [2, 0, 1]) {
        yield* go(names[i]!, function* () {
          const { stamp } = contexts[i]!
          const ctx = begin(cls)
          ctx.stamp = stamp
          yield* lock(a!, ctx)
          say(names[i])
          end(ctx, a!)
        })
        yield* sleep(2)
      }
      ww.ww_mutex_unlock(a!)
      yield* sleep(10)
    })
    expect(log).toEqual(['oldest', 'middle', 'youngest'])
  })

  it('WW-08 trying never makes anybody back off', () => {
    const { log } = checked(function* (say) {
      const cls = define('cls')
      const [a, b] = locksOf(cls, 2)
      const old = begin(cls)
      yield* lock(a!, old)
      yield* go('young', function* () {
        const young = begin(cls)
        yield* lock(b!, young)
        say('try', ww.ww_mutex_trylock(a!, young))
        yield* sleep(20)
        say('wounded', young.wounded)
        end(young, b!)
      })
      yield* sleep(5)
      say('try', ww.ww_mutex_trylock(b!, old))
      yield* sleep(40)
      end(old, a!)
    })
    expect(log).toEqual(['try 0', 'try 0', 'wounded false'])
  })

  it('WW-03 -EINTR comes only when it has to wait, and only in the interruptible form', () => {
    const { log } = checked(function* (say) {
      const cls = define('cls')
      const [a, b] = locksOf(cls, 2)
      yield* lock(a!, null)
      let waiter: task_struct | null = null
      yield* go('waiter', function* () {
        waiter = get_current()
        allow_signal(15)
        const ctx = begin(cls)
        yield* sleep(10)
        say('free', yield* sim(ww.ww_mutex_lock_interruptible(b!, ctx)))
        ww.ww_mutex_unlock(b!)
        say('taken', yield* sim(ww.ww_mutex_lock_interruptible(a!, ctx)))
        end(ctx)
      })
      yield* sleep(2)
      send_sig(15, waiter!, 0)
      yield* sleep(30)
      ww.ww_mutex_unlock(a!)
    })
    expect(log).toEqual(['free 0', 'taken -4'])
  })
})

describe('WW-04 wait-die', () => {
  it('the older one waits for the younger', () => {
    const { log } = checked(function* (say) {
      const cls = ww.DEFINE_WD_CLASS('cls')
      const [a, b] = locksOf(cls, 2)
      const old = begin(cls)
      yield* lock(a!, old)
      yield* go('young', function* () {
        const young = begin(cls)
        yield* lock(b!, young)
        yield* sleep(10)
        say('young done', young.wounded)
        end(young, b!)
      })
      yield* sleep(2)
      say('old', yield* lock(b!, old))
      end(old, a!, b!)
    })
    expect(log).toEqual(['young done false', 'old 0'])
  })

  it('a younger one dies when an older context is queued ahead, whoever holds the lock', () => {
    const { log } = checked(function* (say) {
      const cls = ww.DEFINE_WD_CLASS('cls')
      const [a, b] = locksOf(cls, 2)
      yield* lock(a!, null)
      const old = begin(cls)
      yield* go('young', function* () {
        const young = begin(cls)
        yield* lock(b!, young)
        yield* sleep(5)
        say('young', yield* lock(a!, young))
        end(young, b!)
      })
      yield* go('unlocker', function* () {
        yield* sleep(20)
        ww.ww_mutex_unlock(a!)
      })
      yield* sleep(2)
      say('old', yield* lock(a!, old))
      end(old, a!)
    })
    expect(log).toEqual(['young -35', 'old 0'])
  })

  it('WW-07 a younger waiter that holds locks dies when an older one queues before it', () => {
    const { log } = checked(function* (say) {
      const cls = ww.DEFINE_WD_CLASS('cls')
      const [a, b] = locksOf(cls, 2)
      const old = begin(cls)
      yield* go('plain', function* () {
        yield* lock(a!, null)
        yield* sleep(30)
        ww.ww_mutex_unlock(a!)
      })
      yield* go('young', function* () {
        yield* sleep(1)
        const young = begin(cls)
        yield* lock(b!, young)
        say('young', yield* lock(a!, young))
        end(young, b!)
      })
      yield* sleep(10)
      say('old', yield* lock(a!, old))
      end(old, a!)
    })
    expect(log).toEqual(['young -35', 'old 0'])
  })
})

describe('WW-04 wound-wait', () => {
  it('the younger holder is told, and backs off at its next lock that is taken, not before', () => {
    const { log } = checked(function* (say) {
      const cls = ww.DEFINE_WW_CLASS('cls')
      const [a, b, c, d] = locksOf(cls, 4)
      const old = begin(cls)
      yield* lock(a!, old)
      yield* go('plain', function* () {
        yield* lock(d!, null)
        yield* sleep(40)
        ww.ww_mutex_unlock(d!)
      })
      yield* go('young', function* () {
        const young = begin(cls)
        yield* lock(b!, young)
        yield* sleep(10)
        say('wounded', young.wounded, 'free', yield* lock(c!, young))
        say('taken', yield* lock(d!, young))
        ww.ww_mutex_unlock(b!)
        ww.ww_mutex_unlock(c!)
        yield* slow(d!, young)
        say('wounded', young.wounded)
        end(young, d!)
      })
      yield* sleep(2)
      say('old', yield* lock(b!, old))
      end(old, a!, b!)
      yield* sleep(60)
    })
    expect(log).toEqual(['wounded true free 0', 'taken -35', 'old 0', 'wounded false'])
  })

  it('a sleeper that is wounded wakes up and backs off', () => {
    const { log } = checked(function* (say) {
      const cls = ww.DEFINE_WW_CLASS('cls')
      const [a, b, c] = locksOf(cls, 3)
      const old = begin(cls)
      yield* lock(a!, old)
      yield* go('plain', function* () {
        yield* lock(c!, null)
        yield* sleep(40)
        ww.ww_mutex_unlock(c!)
      })
      yield* go('young', function* () {
        const young = begin(cls)
        yield* lock(b!, young)
        yield* sleep(1)
        say('young', yield* lock(c!, young))
        end(young, b!)
      })
      yield* sleep(10)
      say('old', yield* lock(b!, old))
      end(old, a!, b!)
      yield* sleep(50)
    })
    expect(log).toEqual(['young -35', 'old 0'])
  })
})
