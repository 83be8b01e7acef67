import { expect, it } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { locking } from '../../../src-sim/kernel/locking/locking'
import * as ww from '../../../src-sim/linux/ww_mutex'
import { dmesg, run } from '../../sim/harness'
import { checked, type Outcome } from '../checked'
import { begin, end, go, lock, locksOf, sleep, slow } from './support'

type Body = (cls: ww.ww_class, locks: ww.ww_mutex[]) => Sim

/** A context that has been told to back off from `a` while it holds `b`. */
function* toldToBackOff(cls: ww.ww_class, [a, b]: ww.ww_mutex[]): Sim<ww.ww_acquire_ctx> {
  yield* go('old', function* () {
    const old = begin(cls)
    yield* lock(a!, old)
    yield* sleep(10)
    end(old, a!)
  })
  yield* sleep(2)
  const ctx = begin(cls)
  yield* lock(b!, ctx)
  expect(yield* lock(a!, ctx)).toBe(-35)
  return ctx
}

const misuse: [string, string, Body][] = [
  ['other locks are still held at the slow lock', 'ww_ctx->acquired > 0', function* (cls, locks) {
    const ctx = yield* toldToBackOff(cls, locks)
    yield* sleep(20)
    yield* slow(locks[0]!, ctx)
    end(ctx, locks[0]!, locks[1]!)
  }],
  ['another lock is taken first', 'ww_ctx->contending_lock != ww', function* (cls, locks) {
    const ctx = yield* toldToBackOff(cls, locks)
    ww.ww_mutex_unlock(locks[1]!)
    yield* lock(locks[2]!, ctx)
    end(ctx, locks[2]!)
  }],
  ['a slow lock without -EDEADLK before', '!ctx->contending_lock', function* (cls, locks) {
    const ctx = begin(cls)
    yield* slow(locks[0]!, ctx)
    end(ctx, locks[0]!)
  }],
  ['a second -EDEADLK without backing off', 'ctx->contending_lock', function* (cls, locks) {
    const ctx = yield* toldToBackOff(cls, locks)
    expect(yield* lock(locks[0]!, ctx)).toBe(-35)
    end(ctx, locks[1]!)
  }],
  ['a lock after done', 'ww_ctx->done_acquire', function* (cls, locks) {
    const ctx = begin(cls)
    ww.ww_acquire_done(ctx)
    yield* lock(locks[0]!, ctx)
    end(ctx, locks[0]!)
  }],
  ['done twice', 'ctx->done_acquire', function* (cls) {
    const ctx = begin(cls)
    ww.ww_acquire_done(ctx)
    ww.ww_acquire_done(ctx)
    end(ctx)
  }],
  ['WW-01 a lock of another class', 'ww_ctx->ww_class != ww->ww_class', function* (cls) {
    const [other] = locksOf(ww.DEFINE_WD_CLASS('other'), 1)
    const ctx = begin(cls)
    yield* lock(other!, ctx)
    end(ctx, other!)
  }],
]

const play = (body: Body, debug = true): Outcome =>
  checked(function* (_say, machine) {
    locking(machine).debug = debug
    const cls = ww.DEFINE_WD_CLASS('cls')
    yield* body(cls, locksOf(cls, 3))
  })

it.each(misuse)('WW-05 %s: %s', (_name, condition, body) => {
  const outcome = play(body)
  expect(outcome.kinds).toContain('warn.debug-locks')
  expect(outcome.dmesg).toContain(`DEBUG_LOCKS_WARN_ON(${condition})`)
})

it('WW-05 the end with locks held: lockdep is the first to tell, then the count', () => {
  const body: Body = function* (cls, [a]) {
    const ctx = begin(cls)
    yield* lock(a!, ctx)
    ww.ww_acquire_fini(ctx)
    ww.ww_mutex_unlock(a!)
  }
  expect(play(body).kinds).toEqual(['lockdep.nest-lock'])
  const without = run(() => {
    const cls = ww.DEFINE_WD_CLASS('cls')
    return body(cls, locksOf(cls, 1))
  })
  expect(dmesg(without)).toContain('DEBUG_LOCKS_WARN_ON(ctx->acquired)')
})

it('WW-09 the first report is the last one, of all lock checks', () => {
  const { kinds } = play(function* (cls, locks) {
    const ctx = begin(cls)
    ww.ww_acquire_done(ctx)
    ww.ww_acquire_done(ctx)
    yield* lock(locks[0]!, ctx)
    ww.ww_acquire_fini(ctx)
    const a = begin(cls)
    begin(cls)
    void a
  })
  expect(kinds).toEqual(['warn.debug-locks'])
})

it('WW-09 kernels without CONFIG_DEBUG_MUTEXES do not look', () => {
  const outcome = play(function* (cls) {
    const ctx = begin(cls)
    ww.ww_acquire_done(ctx)
    ww.ww_acquire_done(ctx)
    end(ctx)
  }, false)
  expect(outcome.dmesg.join()).not.toContain('DEBUG_LOCKS_WARN_ON')
})

it('WW-10 a second open context in a task is reported, though no lock was taken', () => {
  const { kinds } = play(function* (cls) {
    const one = begin(cls)
    const two = begin(cls)
    end(two)
    end(one)
  })
  expect(kinds).toEqual(['lockdep.recursive'])
})

it('WW-10 locks may be given back between done and the end', () => {
  const { kinds } = play(function* (cls, [a]) {
    const ctx = begin(cls)
    yield* lock(a!, ctx)
    ww.ww_acquire_done(ctx)
    expect(ctx.acquired).toBe(1)
    ww.ww_mutex_unlock(a!)
    expect(ctx.acquired).toBe(0)
    ww.ww_acquire_fini(ctx)
  })
  expect(kinds).toEqual([])
})

it('WW-08 injection: counted from the low bits of the stamp, then 3, 10, 35; first locks never', () => {
  const { log } = checked(function* (say, machine) {
    locking(machine).wwInjection = true
    const cls = ww.DEFINE_WD_CLASS('cls')
    const locks = locksOf(cls, 60)
    const ctx = begin(cls)
    const failed: number[] = []
    for (let i = 0, tries = 0; i < locks.length; i++, tries++) {
      if ((yield* lock(locks[i]!, ctx)) === 0) continue
      failed.push(tries)
      ctx.contending_lock = null
    }
    say(failed.join())
  })
  expect(log).toEqual(['2,6,17,53'])
})

it('WW-08 trying is never injected, nor the first lock of a context', () => {
  const { log } = checked(function* (say, machine) {
    locking(machine).wwInjection = true
    const cls = ww.DEFINE_WD_CLASS('cls')
    const locks = locksOf(cls, 20)
    const ctx = begin(cls)
    say(locks.every((l) => ww.ww_mutex_trylock(l, ctx) === 1))
    end(ctx, ...locks)
    let failed = 0
    for (let i = 0; i < 20; i++) {
      const one = begin(cls)
      if (yield* lock(locks[0]!, one)) failed++
      end(one, locks[0]!)
    }
    say(failed)
  })
  expect(log).toEqual(['true', '0'])
})
